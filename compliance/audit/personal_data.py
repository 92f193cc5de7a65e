"""What the audit trail holds about people."""

from compliance.audit.models import AuditEntry
from tenants.personal_data import Category, Erasure, Exempt, Personal, Purpose, declare, technical

declare(
    AuditEntry,
    {
        **technical("id", "at", "actor_kind", "action", "kind", "source_kind", "source_id", "request_id"),
        "fields": Exempt("Names of columns, never values."),
        # The id of a record says nothing once the record is erased, and proves that it was.
        "object_id": Personal(Category.ACTIVITY, (Purpose.SECURITY,), Erasure.ANONYMISE),
        "actor_id": Personal(Category.ACTIVITY, (Purpose.SECURITY,), Erasure.ANONYMISE),
        "changes": Personal(
            Category.FREE_TEXT,
            (Purpose.SECURITY, Purpose.CRM),
            Erasure.CLEAR,
            third_party=True,
            shape='{"column": [old, new]} for the columns of the entry\'s kind, as declared there',
        ),
    },
)
