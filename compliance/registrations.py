"""What compliance adds to the kernel: who may read the audit trail, on whose behalf jobs act, and the check
of the data map."""

from contextlib import AbstractContextManager
from typing import Any

from compliance.audit import links, personal_data
from compliance.audit.context import acting_as
from compliance.audit.models import SourceKind
from compliance.audit.tracking import AuditedModel
from compliance.data_map import checks, third_party
from tenants.accounts import roles
from tenants.jobs import registry
from tenants.jobs.models import Job

# Imported for what they register.
__all__ = ["checks", "personal_data", "third_party"]

roles.grant_built_in(["compliance.view_auditentry"], roles.COMPLIANCE)


def _acting_for(job: Job) -> AbstractContextManager[Any]:
    """A job acts on behalf of whoever started it."""
    return acting_as(actor=job.actor_id, source_kind=SourceKind.JOB, source_id=job.pk)


registry.surround(_acting_for)
links.follow_all(AuditedModel)
