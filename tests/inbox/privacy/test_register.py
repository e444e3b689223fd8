"""Nobody can forget a table: each one says whether it holds customers' data, and how these are exported and erased."""

import pytest
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models

from inbox.models import Contact, Conversation, Message
from inbox.privacy.places import GROUPS, NOT_THEIRS, PLACES, SCANNED

WORDS = (models.CharField, models.TextField, models.JSONField, models.FileField, models.BinaryField, ArrayField)
PERSONAL = (Contact, Conversation, Message)
HOW = "inbox/privacy/places.py: a Place in PLACES, or its label in SCANNED or NOT_THEIRS"


def everything() -> dict[str, type[models.Model]]:
    return {model._meta.label: model for model in apps.get_models(include_auto_created=True)}


def test_every_table_is_registered_once() -> None:
    registered = [*{place.label for place in PLACES}, *SCANNED, *NOT_THEIRS]

    assert sorted(set(everything()) - set(registered)) == [], f"register these in {HOW}"
    assert sorted(set(registered) - set(everything())) == []
    assert len(registered) == len(set(registered))


@pytest.mark.django_db
def test_there_is_no_table_that_models_do_not_know() -> None:
    known = {model._meta.db_table for model in everything().values()} | {"django_migrations"}

    assert sorted(set(connection.introspection.table_names()) - known) == []


def test_what_refers_to_a_person_is_a_place_or_is_looked_through() -> None:
    lost = [
        label for label in NOT_THEIRS for field in everything()[label]._meta.concrete_fields
        if field.related_model in PERSONAL or field.name.removesuffix("_id") in ("contact", "conversation", "message")
    ]  # fmt: skip

    assert lost == []


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.label)
def test_each_column_with_words_is_exported_or_said_not_to_be(place) -> None:
    words = {field.name for field in place.model._meta.concrete_fields if isinstance(field, WORDS)}

    assert words - {*place.shown, *place.apart} == set()
    assert place.group in GROUPS
    assert bool(place.shown) == bool(place.section)
    assert not set(place.shown) & set(place.apart)
    place.model._base_manager.values(*place.shown)  # they exist


def test_stored_files_are_named_where_they_are_erased() -> None:
    for place in PLACES:
        files = [field.name for field in place.model._meta.concrete_fields if isinstance(field, models.FileField)]
        assert files == ([place.files] if place.files else [])
