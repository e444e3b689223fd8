
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inbox', '0041_person_exports'),
    ]

    operations = [
        migrations.AlterField(
            model_name='automaticanswer',
            name='kind',
            field=models.CharField(choices=[('greeting', 'Greeting'), ('away', 'Outside of business hours'), ('back', 'We are back'), ('busy', 'Everybody is busy'), ('keyword', 'Keyword')], max_length=8),
        ),
        migrations.AlterField(
            model_name='automatictext',
            name='kind',
            field=models.CharField(choices=[('greeting', 'Greeting'), ('away', 'Outside of business hours'), ('back', 'We are back'), ('busy', 'Everybody is busy'), ('keyword', 'Keyword')], max_length=8),
        ),
        migrations.AlterField(
            model_name='pendinganswer',
            name='why',
            field=models.CharField(choices=[('wrote', 'Wrote'), ('back', 'Back'), ('busy', 'Busy')], max_length=5),
        ),
    ]
