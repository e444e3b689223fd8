import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import inbox.models.consent
from django.conf import settings
from django.db import migrations, models


# Each row of a contact's ledger carries a hash of all it says and of the row before. `message_id` is left out: what
# names the message is its wamid, which outlives it.
LINK = """
CREATE FUNCTION inbox_consent_link(before text, c inbox_consent) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT encode(sha256(convert_to(jsonb_build_array(
    before, c.place, c.contact_id, c.category, c.state, c.source, c.wording, c.note, c.version_id, c.said, c.wamid,
    c.question_wamid, c.number, c.recorded_by_id, extract(epoch FROM c.occurred_at), extract(epoch FROM c.created_at)
  )::text, 'UTF8')), 'hex')
$$;
CREATE FUNCTION inbox_consent_chained() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  last_place integer;
  last_chain text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('inbox_consent'), (NEW.contact_id % 2147483647)::integer);
  SELECT place, chain INTO last_place, last_chain FROM inbox_consent
   WHERE contact_id = NEW.contact_id ORDER BY place DESC LIMIT 1;
  NEW.place := coalesce(last_place, 0) + 1;
  NEW.chain := inbox_consent_link(coalesce(last_chain, ''), NEW);
  RETURN NEW;
END $$;
"""
BACKFILL = """
ALTER TABLE inbox_consent DISABLE TRIGGER inbox_consent_append_only;
DO $$
DECLARE
  c inbox_consent;
  now_at bigint := 0;
  last_chain text := '';
  last_place integer := 0;
BEGIN
  FOR c IN SELECT * FROM inbox_consent ORDER BY contact_id, id LOOP
    IF c.contact_id <> now_at THEN
      now_at := c.contact_id; last_chain := ''; last_place := 0;
    END IF;
    last_place := last_place + 1;
    c.place := last_place;
    last_chain := inbox_consent_link(last_chain, c);
    UPDATE inbox_consent SET place = last_place, chain = last_chain WHERE id = c.id;
  END LOOP;
END $$;
ALTER TABLE inbox_consent ENABLE TRIGGER inbox_consent_append_only;
"""
TRIGGERS = """
CREATE TRIGGER inbox_consent_chained BEFORE INSERT ON inbox_consent
  FOR EACH ROW EXECUTE FUNCTION inbox_consent_chained();
CREATE TRIGGER inbox_consentwording_append_only BEFORE UPDATE OR DELETE ON inbox_consentwording
  FOR EACH ROW EXECUTE FUNCTION tresen_append_only();
"""
NO_TRIGGERS = """
DROP TRIGGER inbox_consentwording_append_only ON inbox_consentwording;
DROP TRIGGER inbox_consent_chained ON inbox_consent;
"""
NO_LINK = "DROP FUNCTION inbox_consent_chained(); DROP FUNCTION inbox_consent_link(text, inbox_consent);"


class Migration(migrations.Migration):
    """Consent by double opt-in: wordings, questions, settings, public pages; the ledger is numbered and linked."""

    dependencies = [
        ('accounts', '0012_single_sign_on'),
        ('inbox', '0035_data_protection'),
        ('whatsapp', '0003_number_health'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='OptInPage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.CharField(default=inbox.models.consent._slug, max_length=32, unique=True)),
                ('code', models.CharField(default=inbox.models.consent._code, max_length=5)),
                ('is_published', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.AddField(
            model_name='consent',
            name='chain',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=64),
        ),
        migrations.AddField(
            model_name='consent',
            name='number',
            field=models.CharField(blank=True, db_default='', default='', max_length=20),
        ),
        migrations.AddField(
            model_name='consent',
            name='place',
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddField(
            model_name='consent',
            name='question_wamid',
            field=models.CharField(blank=True, db_default='', default='', max_length=300),
        ),
        migrations.AddField(
            model_name='consent',
            name='said',
            field=models.CharField(blank=True, db_default='', default='', max_length=200),
        ),
        migrations.AddField(
            model_name='consent',
            name='wamid',
            field=models.CharField(blank=True, db_default='', default='', max_length=300),
        ),
        migrations.AlterField(
            model_name='consent',
            name='source',
            field=models.CharField(choices=[('keyword', 'Message of the customer'), ('button', 'Button of a template'), ('reply', 'Answer to our question'), ('meta', "WhatsApp's own setting"), ('meta_error', 'Refused by WhatsApp: the person stopped marketing'), ('agent', 'Recorded by a colleague'), ('import', 'Import'), ('api', 'Another system')], max_length=12),
        ),
        migrations.CreateModel(
            name='ConsentSettings',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('business_name', models.CharField(blank=True, default='', max_length=100, verbose_name='Name of the business')),
                ('privacy_url', models.URLField(blank=True, default='', max_length=300, verbose_name='Privacy policy')),
                ('imprint_url', models.URLField(blank=True, default='', max_length=300, verbose_name='Imprint')),
                ('expire_days', models.PositiveSmallIntegerField(default=7, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(30)], verbose_name='A question without an answer expires after (days)')),
                ('words', models.JSONField(default=dict)),
                ('texts', models.JSONField(default=dict)),
                ('workspace', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='consent_settings', to='accounts.workspace')),
            ],
        ),
        migrations.CreateModel(
            name='ConsentWording',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('language', models.CharField(max_length=8)),
                ('version', models.PositiveIntegerField()),
                ('text', models.TextField()),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.workspace')),
            ],
        ),
        migrations.CreateModel(
            name='ConsentRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(choices=[('keyword', 'Keyword'), ('page', 'Public page'), ('agent', 'Asked by a colleague')], max_length=8)),
                ('asked_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('answered_at', models.DateTimeField(blank=True, null=True)),
                ('answer', models.CharField(blank=True, choices=[('given', 'Agreed'), ('declined', 'Declined'), ('replaced', 'Asked again'), ('stopped', 'Stopped')], default='', max_length=8)),
                ('asked_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('conversation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='consent_requests', to='inbox.conversation')),
                ('question', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='inbox.message')),
                ('wish', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='inbox.message')),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.workspace')),
                ('wording', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inbox.consentwording')),
            ],
        ),
        migrations.AddField(
            model_name='consent',
            name='version',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inbox.consentwording'),
        ),
        migrations.RunSQL(LINK, NO_LINK),
        migrations.RunSQL(BACKFILL, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name='consent',
            constraint=models.UniqueConstraint(fields=('contact', 'place'), name='consent_place'),
        ),
        migrations.AddField(
            model_name='optinpage',
            name='phone_number',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='opt_in_page', to='whatsapp.phonenumber'),
        ),
        migrations.AddField(
            model_name='optinpage',
            name='workspace',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.workspace'),
        ),
        migrations.AddConstraint(
            model_name='consentwording',
            constraint=models.UniqueConstraint(fields=('workspace', 'language', 'version'), name='consent_wording_version'),
        ),
        migrations.AddIndex(
            model_name='consentrequest',
            index=models.Index(condition=models.Q(('answered_at__isnull', True)), fields=['workspace', 'expires_at'], name='consent_waiting'),
        ),
        migrations.AddIndex(
            model_name='consentrequest',
            index=models.Index(fields=['conversation', '-asked_at'], name='consent_asked'),
        ),
        migrations.AddConstraint(
            model_name='optinpage',
            constraint=models.UniqueConstraint(fields=('workspace', 'code'), name='opt_in_code'),
        ),
        migrations.RunSQL(TRIGGERS, NO_TRIGGERS),
    ]
