"""The audit trail's pages."""

AuditEntryAdmin = None
