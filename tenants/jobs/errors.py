"""What can happen to a job on purpose."""

from django.utils.translation import gettext_lazy as _

from tenants.errors import DomainError


class UnknownJob(LookupError):
    """No function is registered under this name: a bug, or a worker that runs other code than the web."""


class PersonalValue(ValueError):
    """A job's argument, checkpoint or result would carry a person's data into the queue: a bug."""


class JobRefused(DomainError):
    code = "job_refused"


class JobExhausted(DomainError):
    code = "job_exhausted"
    message = _("The job was interrupted several times at the same place. Tell support, then continue it.")


class JobInterrupted(Exception):
    """Raised inside a job to end it: let it pass, so that the transaction around it is rolled back."""


class JobCancelled(JobInterrupted):
    """Somebody asked for the job to stop."""


class LeaseLost(JobInterrupted):
    """Another worker has the job now; nothing may be written for it here any more."""


class JobHandedBack(JobInterrupted):
    """This worker is ending; another goes on from the last checkpoint."""
