import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    """How long an upload plays, and its waveform."""

    dependencies = [("inbox", "0008_reactions_out")]

    operations = [
        migrations.AddField("upload", "seconds", models.FloatField(blank=True, null=True)),
        migrations.AddField(
            "upload",
            "peaks",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.PositiveSmallIntegerField(), blank=True, null=True, size=None
            ),
        ),
    ]
