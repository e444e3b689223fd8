from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_notification_text"),
        ("inbox", "0016_saved_reply_files"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(("payload__has_key", "tell")), fields=["workspace", "created_at"], name="event_tells"
            ),
        ),
    ]
