"""A text column whose contents are encrypted at rest with the keys in settings.FIELD_KEYS (first key encrypts)."""

import functools
import hashlib
from collections.abc import Iterator

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.models.query_utils import DeferredAttribute


@functools.lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        raise ImproperlyConfigured("FIELD_KEYS must be Fernet keys (32 url-safe base64 bytes each).") from error


def encrypt(plain: str) -> str:
    return _fernet(tuple(settings.FIELD_KEYS)).encrypt(plain.encode()).decode()


def decrypt(token: str) -> str:
    try:
        return _fernet(tuple(settings.FIELD_KEYS)).decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise ImproperlyConfigured(
            "A stored secret cannot be read: FIELD_KEYS lacks the key it was written with."
        ) from error


def key_fingerprints() -> list[str]:
    """A short name for each key of FIELD_KEYS, newest first. Keys are random, so it gives nothing of them away."""
    return [hashlib.sha256(b"tresen field key " + key.encode()).hexdigest()[:12] for key in settings.FIELD_KEYS]


class Secret:
    """A decrypted secret that does not print itself: `reveal()` is the one way to its text."""

    __slots__ = ("_plain",)

    def __init__(self, plain: str) -> None:
        self._plain = plain

    def reveal(self) -> str:
        return self._plain

    @property
    def hint(self) -> str:
        """The last four characters, for settings pages."""
        return f"…{self._plain[-4:]}" if len(self._plain) >= 12 else "…"

    def __bool__(self) -> bool:
        return bool(self._plain)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._plain == self._plain

    def __hash__(self) -> int:
        return hash(self._plain)

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__


class _SecretAttribute(DeferredAttribute):
    """What is set on a row becomes a Secret at once, so that a new row prints as little as a loaded one."""

    def __set__(self, instance: models.Model, value: object) -> None:
        instance.__dict__[self.field.attname] = self.field.to_python(value)


class EncryptedTextField(models.TextField):
    """Stores ciphertext, reads as `Secret`. Cannot be filtered by value: every encryption differs."""

    descriptor_class = _SecretAttribute
    # For the type checker, whose TextField holds str.
    _pyi_private_set_type: Secret | str  # type: ignore[assignment]
    _pyi_private_get_type: Secret  # type: ignore[assignment]

    def from_db_value(self, value: str | None, expression: object, connection: object) -> Secret | None:
        if value is None:
            return None
        return Secret(decrypt(value) if value else "")

    def to_python(self, value: object) -> object:
        return value if value is None or isinstance(value, Secret) else Secret(str(value))

    def get_prep_value(self, value: object) -> str | None:
        if value is None:
            return None
        plain = value.reveal() if isinstance(value, Secret) else str(value)
        return encrypt(plain) if plain else ""


def secret_columns() -> Iterator[tuple[type[models.Model], list[str]]]:
    """Every model that stores secrets, with the names of those columns."""
    for model in apps.get_models():
        names = [field.name for field in model._meta.concrete_fields if isinstance(field, EncryptedTextField)]
        if names:
            yield model, names
