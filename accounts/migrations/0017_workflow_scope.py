import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0016_mail_server'),
    ]

    operations = [
        migrations.AlterField(
            model_name='apitoken',
            name='scopes',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('contacts:read', 'Read contacts'), ('contacts:write', 'Enter and correct contacts'), ('conversations:read', 'Read conversations and messages'), ('conversations:write', 'Assign, close, snooze and label conversations, write notes'), ('messages:send', 'Send replies and templates'), ('templates:read', 'Read templates'), ('consent:read', 'Read consent to marketing'), ('consent:write', 'Record consent to marketing')], max_length=20), size=None),
        ),
    ]
