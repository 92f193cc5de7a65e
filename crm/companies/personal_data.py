"""What companies hold about people: a sole trader's company is a person."""

from crm.companies.models import Company, CompanyTag
from crm.records.personal_data import (
    ADDRESS,
    CRM,
    WEBSITE,
    declare_tag_links,
    notes,
    phone,
    record_columns,
)
from tenants.personal_data import Category, Erasure, Exempt, Personal, declare

declare(
    Company,
    {
        **record_columns(),
        **phone(),
        **notes(),
        "name": Personal(Category.IDENTITY, CRM, Erasure.ANONYMISE, portable=True),
        "domain": Personal(Category.CONTACT, CRM, Erasure.ANONYMISE, portable=True),
        "website": WEBSITE,
        "address": ADDRESS,
        "description": Personal(Category.FREE_TEXT, CRM, Erasure.DELETE, third_party=True),
        **dict.fromkeys(
            ("industry", "employees", "founded_year", "country"),
            Exempt("A fact about a company, not a person."),
        ),
    },
)
declare_tag_links(CompanyTag, "company")
