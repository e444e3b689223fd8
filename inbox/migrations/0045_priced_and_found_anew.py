from django.db import migrations

# A message costs what the country costs to which it went. Before, it was priced by one of the numbers that its customer
# had when it was counted; only of those who have had several, or have lost theirs, may that be another.
PRICED = """
INSERT INTO inbox_reportmark (conversation_id, at)
SELECT DISTINCT r.conversation_id, date_bin('1 day', r.slot, '2000-01-01 00:00+00')
  FROM inbox_conversation c JOIN inbox_reportcell r ON r.conversation_id = c.id
 WHERE c.contact_id IN (
    SELECT contact_id FROM inbox_contactidentity WHERE kind = 'phone'
     GROUP BY contact_id HAVING count(*) > 1 OR NOT bool_and(is_active))
"""
# A template is found by its header, its offer and its cards as well; documents made before hold its text alone.
FOUND = """
INSERT INTO inbox_searchbacklog (kind, source)
SELECT 1, id FROM inbox_message
 WHERE kind = 'template' AND (data->'header'->>'text' <> '' OR data ?| ARRAY['offer', 'cards']) ORDER BY id
"""


class Migration(migrations.Migration):

    dependencies = [
        ("inbox", "0044_webhook_numbers"),
    ]

    operations = [
        migrations.RunSQL(PRICED, migrations.RunSQL.noop),
        migrations.RunSQL(FOUND, migrations.RunSQL.noop),
    ]
