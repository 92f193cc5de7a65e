"""How deals are found."""

from crm.deals.models import Deal
from crm.records import search

PLAN = search.register(Deal, search.SearchPlan(names=("name",), related=("company__name",)))
