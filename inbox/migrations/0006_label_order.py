from django.db import migrations, models
from django.db.models import F, Window
from django.db.models.functions import Lower, RowNumber


def keep_the_alphabet(apps, schema_editor):
    """Labels have stood in alphabetical order until now."""
    Label = apps.get_model("inbox", "Label")
    numbered = Label.objects.annotate(
        place=Window(RowNumber(), partition_by=[F("workspace")], order_by=[Lower("name"), F("id")])
    )
    labels = list(numbered)
    for label in labels:
        label.position = label.place
    Label.objects.bulk_update(labels, ["position"], batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("inbox", "0005_uploads")]
    operations = [
        migrations.AddField("label", "position", models.PositiveIntegerField(default=0)),
        migrations.AlterField("label", "name", models.CharField(max_length=40, verbose_name="Name")),
        migrations.RunPython(keep_the_alphabet, migrations.RunPython.noop),
        migrations.RemoveConstraint("label", "label_unique"),
        migrations.AddConstraint(
            "label", models.UniqueConstraint(F("workspace"), Lower("name"), name="label_unique_name")
        ),
    ]
