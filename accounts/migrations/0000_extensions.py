from django.contrib.postgres.operations import TrigramExtension, UnaccentExtension
from django.db import migrations


class Migration(migrations.Migration):
    """Extensions that later indexes need; both are trusted, so the owner of the database may create them."""

    initial = True
    dependencies = []
    operations = [TrigramExtension(), UnaccentExtension()]
