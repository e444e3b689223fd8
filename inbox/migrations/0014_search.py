import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


# Whoever writes, the search follows: what is stored, changed, moved or shown again goes on the backlog with it.
TRIGGERS = """
CREATE FUNCTION inbox_search_later() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO inbox_searchbacklog (kind, source) VALUES (TG_ARGV[0]::smallint, NEW.id);
  RETURN NULL;
END $$;
CREATE FUNCTION inbox_search_file_later() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO inbox_searchbacklog (kind, source) VALUES (1, NEW.message_id);
  RETURN NULL;
END $$;
CREATE TRIGGER inbox_message_search_new AFTER INSERT ON inbox_message
  FOR EACH ROW WHEN (NEW.kind <> 'system' AND NEW.status <> 'held') EXECUTE FUNCTION inbox_search_later('1');
CREATE TRIGGER inbox_message_search_changed
  AFTER UPDATE OF text, data, deleted_at, status, conversation_id, occurred_at, author_id ON inbox_message FOR EACH ROW
  WHEN (OLD.text IS DISTINCT FROM NEW.text OR OLD.data IS DISTINCT FROM NEW.data
        OR OLD.deleted_at IS DISTINCT FROM NEW.deleted_at OR OLD.conversation_id <> NEW.conversation_id
        OR OLD.occurred_at <> NEW.occurred_at OR OLD.author_id IS DISTINCT FROM NEW.author_id
        OR (OLD.status = 'held') <> (NEW.status = 'held'))
  EXECUTE FUNCTION inbox_search_later('1');
CREATE TRIGGER inbox_note_search AFTER INSERT OR UPDATE OF text, conversation_id, occurred_at, author_id ON inbox_note
  FOR EACH ROW EXECUTE FUNCTION inbox_search_later('2');
CREATE TRIGGER inbox_attachment_search AFTER INSERT OR UPDATE OF file_name ON inbox_attachment
  FOR EACH ROW WHEN (NEW.file_name <> '') EXECUTE FUNCTION inbox_search_file_later();
"""
GONE = """
DROP TRIGGER inbox_attachment_search ON inbox_attachment;
DROP TRIGGER inbox_note_search ON inbox_note;
DROP TRIGGER inbox_message_search_changed ON inbox_message;
DROP TRIGGER inbox_message_search_new ON inbox_message;
DROP FUNCTION inbox_search_file_later();
DROP FUNCTION inbox_search_later();
"""
EXISTING = """
INSERT INTO inbox_searchbacklog (kind, source) SELECT 1, id FROM inbox_message WHERE kind <> 'system' ORDER BY id;
INSERT INTO inbox_searchbacklog (kind, source) SELECT 2, id FROM inbox_note ORDER BY id;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_guards'),
        ('inbox', '0013_push'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SearchBacklog',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.PositiveSmallIntegerField()),
                ('source', models.PositiveBigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='SearchDocument',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.PositiveSmallIntegerField(choices=[(1, 'Messages'), (2, 'Notes'), (3, 'Files')])),
                ('is_inbound', models.BooleanField()),
                ('occurred_at', models.DateTimeField()),
                ('words', django.contrib.postgres.search.SearchVectorField()),
                ('author', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('conversation', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='inbox.conversation')),
                ('message', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='inbox.message')),
                ('note', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='inbox.note')),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.workspace')),
            ],
            options={
                'indexes': [django.contrib.postgres.indexes.GinIndex(fields=['words'], gin_pending_list_limit=256, name='search_words'), models.Index(fields=['workspace', '-occurred_at', '-id'], name='search_newest'), models.Index(fields=['conversation', '-occurred_at', '-id'], name='search_in_thread')],
                'constraints': [models.UniqueConstraint(fields=('message', 'kind'), name='search_message'), models.UniqueConstraint(condition=models.Q(('note__isnull', False)), fields=('note',), name='search_note')],
            },
        ),
        migrations.CreateModel(
            name='SearchWord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('word', models.CharField(max_length=40)),
                ('documents', models.PositiveIntegerField(default=0)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.workspace')),
            ],
            options={
                'indexes': [models.Index(models.F('workspace'), django.contrib.postgres.indexes.OpClass('word', name='varchar_pattern_ops'), name='search_word_prefix'), django.contrib.postgres.indexes.GinIndex(fields=['word'], name='search_word_trgm', opclasses=['gin_trgm_ops'])],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'word'), name='search_word')],
            },
        ),
        migrations.RunSQL(TRIGGERS, GONE),
        migrations.RunSQL(EXISTING, migrations.RunSQL.noop),
    ]
