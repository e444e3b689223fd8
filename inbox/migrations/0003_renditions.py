import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Previews, pages, waveforms and copies of files."""

    dependencies = [
        ("inbox", "0002_guards"),
    ]

    operations = [
        migrations.AddField("attachment", "seconds", models.FloatField(blank=True, null=True)),
        migrations.AddField(
            "attachment",
            "peaks",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.PositiveSmallIntegerField(), blank=True, null=True, size=None
            ),
        ),
        migrations.AddField("attachment", "page_count", models.PositiveIntegerField(blank=True, null=True)),
        migrations.AddField("attachment", "prepared_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddIndex(
            "attachment",
            models.Index(
                fields=["id"], condition=models.Q(("prepared_at", None), ("state", "ready")),
                name="attachment_unprepared",
            ),
        ),
        migrations.CreateModel(
            name="Rendition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("preview", "preview"), ("still", "still"), ("page", "page"), ("copy", "copy")],
                        max_length=8,
                    ),
                ),
                ("number", models.PositiveSmallIntegerField(default=0)),
                ("file", models.FileField(max_length=200, upload_to="renditions/%Y/%m/")),
                ("mime_type", models.CharField(max_length=120)),
                ("size", models.PositiveBigIntegerField(default=0)),
                ("width", models.PositiveIntegerField(blank=True, null=True)),
                ("height", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "attachment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="renditions", to="inbox.attachment"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("attachment", "kind", "number"), name="rendition_unique")
                ],
            },
        ),
    ]
