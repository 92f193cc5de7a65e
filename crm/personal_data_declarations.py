"""Loads what the rooms declare."""

from crm.companies import personal_data as companies
from crm.deals import personal_data as deals
from crm.imports import personal_data as imports
from crm.people import personal_data as people
from crm.records import personal_data as records

__all__ = ["companies", "deals", "imports", "people", "records"]
