"""Hands on the platform's models."""

from tenants.jobs.kicks import JobKick
from tenants.organizations.models import (
    Domain,
    Organization,
    OrganizationState,
    SchemaBlueprint,
    SchemaChange,
)

__all__ = ["Domain", "JobKick", "Organization", "OrganizationState", "SchemaBlueprint", "SchemaChange"]
