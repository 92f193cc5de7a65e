"""How companies are found."""

from crm.companies.models import Company
from crm.records import search

PLAN = search.register(Company, search.SearchPlan(names=("name", "domain"), phones=("phone",)))
