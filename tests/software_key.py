"""A security key made of software: answers what the product asks as a browser with a real one would."""

import json
import secrets
from base64 import urlsafe_b64encode
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import sha256
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

FLAGS = AuthenticatorData.FLAG


class SoftwareKey:
    """`counts` says whether it counts its signatures; passkeys that are synchronised do not."""

    def __init__(self, origin: str = "http://localhost:8000", *, counts: bool = True) -> None:
        self.origin, self.counts, self.count = origin, counts, 0
        self.host = origin.split("//")[1].split(":")[0]
        self.id = secrets.token_bytes(32)
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def public_half(self) -> AttestedCredentialData:
        public = ES256.from_cryptography_key(self._key.public_key())
        return AttestedCredentialData.create(b"\0" * 16, self.id, public)

    def make(self, options: dict[str, Any]) -> str:
        data = AuthenticatorData.create(sha256(self.host.encode()), FLAGS.UP | FLAGS.AT, self.count, self.public_half)
        attestation = AttestationObject.create("none", data, {})
        client = self._client_data("webauthn.create", options)
        return self._answer({"clientDataJSON": _text(client), "attestationObject": _text(bytes(attestation))})

    def sign(self, options: dict[str, Any]) -> str:
        self.count += self.counts
        data = bytes(AuthenticatorData.create(sha256(self.host.encode()), FLAGS.UP, self.count))
        client = self._client_data("webauthn.get", options)
        signature = self._key.sign(data + sha256(client), ec.ECDSA(SHA256()))
        return self._answer(
            {"clientDataJSON": _text(client), "authenticatorData": _text(data), "signature": _text(signature)}
        )

    def _client_data(self, kind: str, options: dict[str, Any]) -> bytes:
        challenge = options["publicKey"]["challenge"]
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _answer(self, response: dict[str, str]) -> str:
        return json.dumps({"id": _text(self.id), "rawId": _text(self.id), "type": "public-key", "response": response})


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")
