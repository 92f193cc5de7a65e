"""The public side of a job: one row that says "there is something to do for this organisation".

It is written in the transaction of the job and removed when the job ends. A lost queue message is found by it
without visiting every organisation.
"""

from django.db import models

from tenants.ids import uuid7


class JobKick(models.Model):
    """A job that has not ended. ``due_at`` moves with the job's lease; past it, the sweeper kicks again."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    job_id = models.UUIDField(unique=True)
    schema_name = models.CharField(max_length=63)
    due_at = models.DateTimeField(db_index=True)
    running = models.BooleanField(default=False)
    # Since when the job could run and nobody has taken it; null while it runs or may not run.
    waiting_since = models.DateTimeField(null=True)

    class Meta:
        app_label = "tenants"

    def __str__(self) -> str:
        return str(self.job_id)
