from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("crm", "0001_initial")]

    operations = [
        migrations.RemoveIndex(model_name="deal", name="deal_close"),
        migrations.AddIndex(
            model_name="deal",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", True)),
                fields=["expected_close_on", "id"],
                name="deal_close",
            ),
        ),
    ]
