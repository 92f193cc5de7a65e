"""Finding records of every kind: the kinds' rooms say how they are searched, this hands it on."""

from crm.companies.selectors import PLAN as COMPANY_SEARCH
from crm.deals.selectors import PLAN as DEAL_SEARCH
from crm.people.selectors import CONTACT_PLAN as CONTACT_SEARCH
from crm.people.selectors import LEAD_PLAN as LEAD_SEARCH
from crm.records.selectors import find

__all__ = ["COMPANY_SEARCH", "CONTACT_SEARCH", "DEAL_SEARCH", "LEAD_SEARCH", "find"]
