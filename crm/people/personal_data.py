"""What contacts and leads hold about people."""

from crm.people.models import Contact, ContactTag, Lead, LeadTag
from crm.records.personal_data import (
    ADDRESS,
    CRM,
    PHONE,
    WEBSITE,
    declare_tag_links,
    notes,
    phone,
    record_columns,
)
from tenants.personal_data import Category, Declaration, Erasure, Personal, declare, searchable

_NAME = Personal(Category.IDENTITY, CRM, Erasure.DELETE, portable=True)
_EMAIL = Personal(Category.CONTACT, CRM, Erasure.DELETE, portable=True)
_EMPLOYER = Personal(Category.PROFESSION, CRM, Erasure.DELETE, portable=True)


def _person_columns() -> dict[str, Declaration]:
    return {
        **record_columns(),
        **searchable("email", _EMAIL),
        **phone(),
        **notes(),
        "first_name": _NAME,
        "last_name": _NAME,
        "job_title": _EMPLOYER,
        "company": _EMPLOYER,
        "other_emails": Personal(
            Category.CONTACT, CRM, Erasure.DELETE, portable=True, shape="a list of email addresses"
        ),
        "other_phones": Personal(
            Category.CONTACT, CRM, Erasure.DELETE, portable=True, shape="a list of phone numbers"
        ),
        "address": ADDRESS,
        "country": PHONE,
        "website": WEBSITE,
    }


declare(
    Contact,
    {
        **_person_columns(),
        "birth_date": Personal(Category.IDENTITY, CRM, Erasure.DELETE, portable=True),
        "customer_since_on": Personal(Category.COMMERCIAL, CRM, Erasure.DELETE),
    },
)
declare_tag_links(ContactTag, "contact")

declare(
    Lead,
    {
        **_person_columns(),
        "company_name": _EMPLOYER,
        "status": Personal(Category.COMMERCIAL, CRM, Erasure.DELETE),
    },
)
declare_tag_links(LeadTag, "lead")
