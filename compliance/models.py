"""Hands on the models of the rooms."""

from compliance.audit.models import Action, ActorKind, AuditEntry

__all__ = ["Action", "ActorKind", "AuditEntry"]
