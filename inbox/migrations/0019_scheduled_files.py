import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inbox', '0018_search_references'),
    ]

    operations = [
        migrations.AddField(
            model_name='upload',
            name='scheduled',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='files', to='inbox.scheduledreply'),
        ),
    ]
