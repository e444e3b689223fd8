from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inbox', '0020_contact_imports'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='rendition',
            index=models.Index(fields=['file'], name='rendition_file'),
        ),
    ]
