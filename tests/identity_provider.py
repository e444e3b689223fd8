"""A small OpenID Connect provider on this machine, which says what a test tells it to say."""

import base64
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "tresen", "geheim-und-lang-genug"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class IdentityProvider:
    """`claims` are added to (None: taken out of) what it says about the person; `key` signs, `kid` is named."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {}
        self.key: Any = KEY
        self.algorithm = "RS256"
        self.document: dict[str, Any] = {}
        self.asked: dict[str, str] = {}
        self.used: set[str] = set()
        self.token_redirects = False
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answers = {"/.well-known/openid-configuration": provider.about, "/keys": provider.keys}
                self._answer(200, answers[urlsplit(self.path).path]())

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                if provider.token_redirects:
                    self.send_response(302)
                    self.send_header("Location", "http://127.0.0.1:9/")
                    self.end_headers()
                    return
                sent = {name: values[0] for name, values in parse_qs(body).items()}
                basic = base64.b64decode(self.headers.get("Authorization", "Basic ").split()[1]).decode()
                self._answer(*provider.token(sent, unquote(basic)))

            def _answer(self, status: int, answer: dict[str, Any]) -> None:
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def about(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/keys",
        } | self.document  # fmt: skip

    def keys(self) -> dict[str, Any]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
        return {"keys": [public | {"kid": "1", "use": "sig"}, {"kty": "RSA", "kid": "2", "use": "enc"} | {
            name: public[name] for name in ("n", "e")}]}  # fmt: skip

    def agree(self, address: str) -> dict[str, str]:
        """The person agrees at the address they were sent to: what the browser brings back."""
        self.asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        return {"code": f"code-{self.asked['state'][:8]}", "state": self.asked["state"]}

    def token(self, sent: dict[str, str], basic: str) -> tuple[int, dict[str, Any]]:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(sent.get("code_verifier", "").encode()).digest())
        good = (
            basic == f"{CLIENT}:{SECRET}" and sent["redirect_uri"] == self.asked["redirect_uri"]
            and challenge.decode().rstrip("=") == self.asked["code_challenge"] and sent["code"] not in self.used
        )  # fmt: skip
        if not good:
            return 400, {"error": "invalid_grant"}
        self.used.add(sent["code"])
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT, "sub": "4711", "iat": now, "exp": now + 300,
            "nonce": self.asked["nonce"], "email": "ben@radhaus.example", "email_verified": True,
        } | self.claims  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        return 200, {"id_token": jwt.encode(claims, self.key, self.algorithm, headers={"kid": "1"})}
