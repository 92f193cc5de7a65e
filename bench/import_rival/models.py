"""A contact without anything: eight columns and three indexes."""

from django.db import models


class Person(models.Model):
    customer_id = models.CharField(max_length=40, blank=True)
    first_name = models.CharField(max_length=100, blank=True)
    last_name = models.CharField(max_length=100, blank=True)
    email = models.EmailField(unique=True)
    phone = models.CharField(max_length=64, blank=True)
    job_title = models.CharField(max_length=150, blank=True)
    country = models.CharField(max_length=80, blank=True)
    city = models.CharField(max_length=100, blank=True)

    class Meta:
        app_label = "import_rival"
        indexes = [models.Index(fields=["last_name", "first_name"], name="person_name")]

    def __str__(self) -> str:
        return str(self.pk)
