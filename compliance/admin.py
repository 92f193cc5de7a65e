"""Hands on the pages of the rooms."""

from compliance.audit.admin import AuditEntryAdmin

__all__ = ["AuditEntryAdmin"]
