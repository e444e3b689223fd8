from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_read_receipts"),
    ]

    operations = [
        migrations.AddField(
            model_name="workspace",
            name="text_in_notifications",
            field=models.BooleanField(default=True),
        ),
    ]
