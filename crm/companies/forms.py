from crm.companies.models import Company
from crm.records.forms import AddressForm


class CompanyForm(AddressForm):
    class Meta:
        model = Company
        exclude = ("address", "tags")
