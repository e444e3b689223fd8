import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# By hand, because Django would take each foreign key away and check all messages anew.
NO_LONGER_INDEXED = {
    "author_id": "6fb862c9",
    "conversation_id": "37bc0d72",
    "phone_number_id": "47d3f04b",
    "quoted_id": "ee31e1bc",
    "resend_of_id": "b8f91386",
    "sender_contact_id": "9b8c0b4e",
    "template_id": "20fadd4f",
    "workspace_id": "9bbd5a9c",
}
DROP = "".join(f"DROP INDEX IF EXISTS inbox_message_{column}_{mark};" for column, mark in NO_LONGER_INDEXED.items())
CREATE = "".join(
    f"CREATE INDEX inbox_message_{column}_{mark} ON inbox_message ({column});"
    for column, mark in NO_LONGER_INDEXED.items()
)


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_notification_text'),
        ('inbox', '0021_rendition_file'),
        ('whatsapp', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('sender_contact__isnull', False)), fields=['sender_contact'], name='message_sender_contact'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('quoted__isnull', False)), fields=['quoted'], name='message_quoted'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('template__isnull', False)), fields=['template'], name='message_template'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('resend_of__isnull', False)), fields=['resend_of'], name='message_resend_of'),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(DROP, CREATE)],
            state_operations=[
                migrations.AlterField(
                    model_name='message',
                    name='author',
                    field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
                ),
                migrations.AlterField(
                    model_name='message',
                    name='conversation',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='inbox.conversation'),
                ),
                migrations.AlterField(
                    model_name='message',
                    name='phone_number',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='whatsapp.phonenumber'),
                ),
                migrations.AlterField(
                    model_name='message',
                    name='quoted',
                    field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='inbox.message'),
                ),
                migrations.AlterField(
                    model_name='message',
                    name='resend_of',
                    field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='resends', to='inbox.message'),
                ),
                migrations.AlterField(
                    model_name='message',
                    name='sender_contact',
                    field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='inbox.contact'),
                ),
                migrations.AlterField(
                    model_name='message',
                    name='template',
                    field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='whatsapp.messagetemplate'),
                ),
                migrations.AlterField(
                    model_name='message',
                    name='workspace',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.workspace'),
                ),
            ],
        ),
    ]
