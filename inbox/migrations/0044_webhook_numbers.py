from importlib import import_module

from django.db import migrations, models

# A webhook may hear of some numbers alone. Whoever has never had a thread with one of them is not known to it: their
# first one makes them a new contact there.
TELLING = """
DROP FUNCTION inbox_tell(bigint, text, bigint, jsonb);
CREATE FUNCTION inbox_tell(workspace bigint, event text, subject bigint, facts jsonb, numbers bigint[])
RETURNS void LANGUAGE sql AS $$
  INSERT INTO inbox_outgoingdelivery
    (webhook_id, uid, event, subject_id, facts, occurred_at, state, tries, next_try_at, error)
  SELECT w.id, gen_random_uuid(), $2, $3, $4, now(), 'waiting', 0, now(), '' FROM inbox_outgoingwebhook w
   WHERE w.workspace_id = $1 AND w.is_active AND $2 = ANY (w.events) AND (w.all_numbers OR EXISTS (
     SELECT FROM inbox_outgoingwebhook_numbers n WHERE n.outgoingwebhook_id = w.id AND n.phonenumber_id = ANY ($5)))
$$;
CREATE FUNCTION inbox_numbers_of(contact bigint) RETURNS bigint[] LANGUAGE sql STABLE AS $$
  SELECT array_agg(c.phone_number_id) FROM inbox_conversation c WHERE c.contact_id IN (
    SELECT $1 UNION ALL SELECT merged_into_id FROM inbox_contact WHERE id = $1)
$$;
CREATE OR REPLACE FUNCTION inbox_tell_message() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' OR OLD.status = 'held' THEN
    PERFORM inbox_tell(NEW.workspace_id, CASE NEW.direction WHEN 'in' THEN 'message.received' ELSE 'message.sent' END,
      NEW.id, jsonb_build_object('status', NEW.status), ARRAY[NEW.phone_number_id]);
  ELSE
    PERFORM inbox_tell(NEW.workspace_id, 'message.status', NEW.id,
      jsonb_build_object('status', NEW.status, 'error_code', NEW.error_code), ARRAY[NEW.phone_number_id]);
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION inbox_tell_conversation() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  numbers bigint[] := ARRAY[NEW.phone_number_id];
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM inbox_tell_contact(NEW.workspace_id, 'contact.created', NEW.contact_id, NEW.id);
  END IF;
  IF NEW.status <> 'closed' AND (TG_OP = 'INSERT' OR OLD.status = 'closed') THEN
    PERFORM inbox_tell(NEW.workspace_id, 'conversation.opened', NEW.id, jsonb_build_object('status', NEW.status),
      numbers);
  ELSIF TG_OP = 'UPDATE' AND OLD.status <> 'closed' AND NEW.status = 'closed' THEN
    PERFORM inbox_tell(NEW.workspace_id, 'conversation.closed', NEW.id, jsonb_build_object('status', NEW.status),
      numbers);
  END IF;
  IF TG_OP = 'UPDATE' AND OLD.assignee_id IS DISTINCT FROM NEW.assignee_id THEN
    PERFORM inbox_tell(NEW.workspace_id, 'conversation.assigned', NEW.id,
      jsonb_build_object('assignee_id', NEW.assignee_id), numbers);
  END IF;
  RETURN NULL;
END $$;
DROP TRIGGER inbox_conversation_tell_new ON inbox_conversation;
CREATE TRIGGER inbox_conversation_tell_new AFTER INSERT ON inbox_conversation FOR EACH ROW
  EXECUTE FUNCTION inbox_tell_conversation();
DROP FUNCTION inbox_tell_contact(bigint, text, bigint);
CREATE FUNCTION inbox_tell_contact(workspace bigint, event text, contact bigint, begun bigint DEFAULT NULL)
RETURNS void LANGUAGE sql AS $$
  INSERT INTO inbox_outgoingdelivery
    (webhook_id, uid, event, subject_id, facts, occurred_at, state, tries, next_try_at, error)
  SELECT w.id, gen_random_uuid(), $2, $3, '{}', now(), 'waiting', 0, now(), '' FROM inbox_outgoingwebhook w
   WHERE w.workspace_id = $1 AND w.is_active AND $2 = ANY (w.events) AND CASE
     WHEN w.all_numbers THEN $4 IS NULL
     WHEN $4 IS NULL THEN EXISTS (
       SELECT FROM inbox_outgoingwebhook_numbers n
        WHERE n.outgoingwebhook_id = w.id AND n.phonenumber_id = ANY (inbox_numbers_of($3)))
     ELSE ARRAY[$4] = ARRAY(  -- no other thread than the one that has just begun
       SELECT c.id FROM inbox_conversation c JOIN inbox_outgoingwebhook_numbers n ON n.phonenumber_id = c.phone_number_id
        WHERE n.outgoingwebhook_id = w.id AND c.contact_id = $3)
   END AND NOT EXISTS (
     SELECT FROM inbox_outgoingdelivery d WHERE d.webhook_id = w.id AND d.occurred_at = now() AND d.subject_id = $3
      AND d.event IN ('contact.created', 'contact.updated'))
$$;
CREATE OR REPLACE FUNCTION inbox_tell_consent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM inbox_tell(NEW.workspace_id, 'consent.changed', NEW.id, '{}', inbox_numbers_of(NEW.contact_id));
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION inbox_tell_template() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM inbox_tell(a.workspace_id, 'template.status', NEW.id, jsonb_build_object('status', NEW.status), ARRAY(
      SELECT p.id FROM whatsapp_phonenumber p WHERE p.business_account_id = a.id))
    FROM whatsapp_businessaccount a WHERE a.id = NEW.business_account_id;
  RETURN NULL;
END $$;
"""
BEFORE = """
DROP FUNCTION inbox_tell(bigint, text, bigint, jsonb, bigint[]), inbox_tell_contact(bigint, text, bigint, bigint),
  inbox_numbers_of(bigint), inbox_tell_message(), inbox_tell_conversation(), inbox_tell_contact_row(),
  inbox_tell_identity(), inbox_tell_consent(), inbox_tell_template() CASCADE;
""" + import_module("inbox.migrations.0037_outgoing_webhooks").TRIGGERS


class Migration(migrations.Migration):

    dependencies = [
        ('inbox', '0043_notes_of_systems'),
        ('whatsapp', '0007_disconnected_numbers'),
    ]

    operations = [
        migrations.AddField(
            model_name='outgoingwebhook',
            name='all_numbers',
            field=models.BooleanField(default=True, db_default=True),
        ),
        migrations.AddField(
            model_name='outgoingwebhook',
            name='numbers',
            field=models.ManyToManyField(blank=True, related_name='+', to='whatsapp.phonenumber'),
        ),
        migrations.RunSQL(TELLING, BEFORE),
    ]
