"""Hands on the platform's admin pages."""

from tenants.organizations.admin import DomainInline, OrganizationAdmin

__all__ = ["DomainInline", "OrganizationAdmin"]
