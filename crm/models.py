"""Hands on the models of the rooms."""

from crm.companies.models import Company, CompanyTag
from crm.deals.models import Deal, DealTag, Pipeline, Stage, StageKind
from crm.imports.models import Import, ImportReject, ImportState
from crm.people.models import Contact, ContactTag, Lead, LeadStatus, LeadTag
from crm.records.models import Tag

__all__ = [
    "Company",
    "CompanyTag",
    "Contact",
    "ContactTag",
    "Deal",
    "DealTag",
    "Import",
    "ImportReject",
    "ImportState",
    "Lead",
    "LeadStatus",
    "LeadTag",
    "Pipeline",
    "Stage",
    "StageKind",
    "Tag",
]
