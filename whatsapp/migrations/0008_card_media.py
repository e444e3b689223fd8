from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("whatsapp", "0007_disconnected_numbers"),
    ]

    operations = [
        migrations.AddField(
            model_name="templateheadermedia",
            name="place",
            field=models.CharField(default="header", max_length=8),
        ),
        migrations.RemoveConstraint(model_name="templateheadermedia", name="header_media_unique"),
        migrations.AddConstraint(
            model_name="templateheadermedia",
            constraint=models.UniqueConstraint(
                fields=("template", "phone_number", "place"), name="header_media_unique"
            ),
        ),
        # Backwards there is room for the header's file alone.
        migrations.RunSQL(
            migrations.RunSQL.noop, "DELETE FROM whatsapp_templateheadermedia WHERE place <> 'header'"
        ),
    ]
