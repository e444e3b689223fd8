from django.db import migrations


class Migration(migrations.Migration):
    """Consent is a ledger, so nothing may edit or delete it; the hot table gets room for in-place updates."""

    dependencies = [("inbox", "0001_initial"), ("accounts", "0002_guards")]
    operations = [
        migrations.RunSQL(
            "CREATE TRIGGER inbox_consent_append_only BEFORE UPDATE OR DELETE ON inbox_consent"
            " FOR EACH ROW EXECUTE FUNCTION tresen_append_only();",
            "DROP TRIGGER inbox_consent_append_only ON inbox_consent;",
        ),
        migrations.RunSQL(
            "ALTER TABLE inbox_conversation SET (fillfactor = 80);",
            "ALTER TABLE inbox_conversation RESET (fillfactor);",
        ),
    ]
