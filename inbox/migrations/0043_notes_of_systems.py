from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inbox', '0042_busy_answers'),
    ]

    operations = [
        migrations.AddField(
            model_name='note',
            name='system',
            field=models.CharField(blank=True, default='', max_length=60),
        ),
    ]
