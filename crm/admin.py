"""Hands on the pages of the rooms."""

from crm.companies.admin import CompanyAdmin
from crm.deals.admin import DealAdmin, PipelineAdmin
from crm.imports.admin import ImportAdmin
from crm.people.admin import ContactAdmin, LeadAdmin
from crm.records.admin import TagAdmin

__all__ = [
    "CompanyAdmin",
    "ContactAdmin",
    "DealAdmin",
    "ImportAdmin",
    "LeadAdmin",
    "PipelineAdmin",
    "TagAdmin",
]
