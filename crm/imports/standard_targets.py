"""The fields of contacts, companies, leads and deals that columns can go to, with the header names in English
and German (and in the words of common exports) that mean them."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from crm.imports.targets import Target, register
from crm.people.models import LeadStatus

# What exports of other systems call the same states.
_LEAD_STATUS_SPELLINGS = {
    "new lead": LeadStatus.NEW,
    "open": LeadStatus.NEW,
    "neu": LeadStatus.NEW,
    "kontaktiert": LeadStatus.CONTACTED,
    "qualifiziert": LeadStatus.QUALIFIED,
    "angebot": LeadStatus.PROPOSAL,
    "proposal sent": LeadStatus.PROPOSAL,
    "verhandlung": LeadStatus.NEGOTIATION,
    "pausiert": LeadStatus.ON_HOLD,
    "closed won": LeadStatus.WON,
    "gewonnen": LeadStatus.WON,
    "closed lost": LeadStatus.LOST,
    "verloren": LeadStatus.LOST,
    "unqualified": LeadStatus.DISQUALIFIED,
    "disqualifiziert": LeadStatus.DISQUALIFIED,
}


def _names(listed: str) -> tuple[str, ...]:
    return tuple(listed.split(" | "))


_EXTERNAL_ID = Target(
    "external_id",
    _("External ID"),
    max_length=80,
    aliases=_names(
        "Customer Id | User Id | Account Id | Organization Id | Organisation Id"
        " | Contact Id | Company Id | Lead Id | Deal Id | Opportunity Id | Record Id"
        " | External Id | Id | UUID | GUID | Customer Number | Customer No | Kundennummer"
        " | Kunden-Nr. | Externe ID | Reference | Referenz"
    ),
)
_OWNER = Target(
    "owner",
    _("Owner"),
    "relation",
    max_length=254,
    aliases=_names(
        "Owner | Lead Owner | Contact Owner | Account Owner | Company Owner | Deal Owner"
        " | Record Owner | Assigned To | Account Manager | Sales Rep | Besitzer"
        " | Zuständig | Betreuer | Verantwortlich"
    ),
)
_TAGS = Target(
    "tags",
    _("Tags"),
    "tags",
    max_length=60,
    aliases=_names(
        "Tags | Tag | Labels | Label | Groups | Group Membership | Categories | Schlagwörter | Kategorien"
    ),
)
_SOURCE = Target(
    "source",
    _("Source"),
    max_length=80,
    aliases=_names(
        "Source | Lead Source | Original Source | Channel | Origin | Quelle | Herkunft | Kanal | Leadquelle"
    ),
)
_NOTES = Target(
    "notes",
    _("Notes"),
    "long_text",
    max_length=20_000,
    aliases=_names("Notes | Note | Comments | Comment | Remarks | Notizen | Notiz | Bemerkung | Bemerkungen"),
)
_WEBSITE = Target(
    "website",
    _("Website"),
    "url",
    max_length=500,
    aliases=_names("Website | Web | Web Site | URL | Homepage | Web Page | Webseite | Internetseite"),
)
_COUNTRY = Target(
    "country",
    _("Country"),
    "country",
    aliases=_names("Country | Country Code | Country/Region | Nation | Land | Staat | Ländercode"),
)
_PHONE_ALIASES = _names(
    "Phone | Phone Number | Telephone | Tel | Tel. | Mobile | Mobile Phone | Cell"
    " | Cell Phone | Work Phone | Business Phone | Home Phone | Direct Phone"
    " | Main Phone | Telefon | Telefonnummer | Handy | Mobil | Mobiltelefon"
    " | Rufnummer | Telefon geschäftlich | Telefon privat"
)
_EMAIL_ALIASES = _names(
    "Email | E-mail | Mail | Email Address | E-mail Address | Primary Email"
    " | Work Email | Business Email | Personal Email | Secondary Email"
    " | E-Mail-Adresse | Mailadresse"
)
_PHONE = Target("phone", _("Phone"), "phone", 64, _PHONE_ALIASES, overflow="other_phones")
_EMAIL = Target("email", _("Email"), "email", 254, _EMAIL_ALIASES, overflow="other_emails")
_OTHER_PHONES = Target(
    "other_phones",
    _("Other phones"),
    "phone_list",
    64,
    ("Other Phone", "Other Phones", "Weitere Telefonnummern"),
)
_OTHER_EMAILS = Target(
    "other_emails",
    _("Other emails"),
    "email_list",
    254,
    _names("Other Email | Other Emails | Weitere E-Mails"),
)
_PERSON_NAME = (
    Target(
        "first_name",
        _("First name"),
        max_length=100,
        aliases=_names("First Name | Given Name | Forename | Vorname | Rufname"),
    ),
    Target(
        "last_name",
        _("Last name"),
        max_length=100,
        aliases=_names("Last Name | Family Name | Surname | Nachname | Familienname | Zuname"),
    ),
    Target(
        "full_name",
        _("Full name (split into first and last name)"),
        "name",
        max_length=200,
        aliases=_names(
            "Name | Full Name | Contact Name | Contact | Person | Display Name | Vollständiger Name"
        ),
        slot="last_name",
    ),
)
_JOB_TITLE = Target(
    "job_title",
    _("Job title"),
    max_length=150,
    aliases=_names(
        "Job Title | Title | Position | Role | Function | Job | Berufsbezeichnung | Funktion | Beruf"
    ),
)


def _address_part(name: str, label: Any, *aliases: str) -> Target:
    return Target(name, label, "part", max_length=200, aliases=aliases, slot="address")


_ADDRESS = (
    _address_part(
        "street",
        _("Street"),
        "Street",
        "Street Address",
        "Address",
        "Address Line 1",
        "Mailing Street",
        "Business Street",
        "Straße",
        "Anschrift",
        "Adresse",
    ),
    _address_part(
        "postal_code", _("Postal code"), "Postal Code", "Postcode", "Zip", "Zip Code", "PLZ", "Postleitzahl"
    ),
    _address_part(
        "city", _("City"), "City", "Town", "Locality", "Mailing City", "Business City", "Stadt", "Ort"
    ),
    _address_part(
        "region", _("Region"), "Region", "State", "Province", "State/Region", "County", "Bundesland", "Kanton"
    ),
)

register(
    "contacts",
    *_PERSON_NAME,
    _EMAIL,
    _PHONE,
    Target(
        "company",
        _("Company"),
        "relation",
        max_length=200,
        aliases=_names(
            "Company | Company Name | Organization | Organisation | Organization Name"
            " | Account | Account Name | Employer | Firma | Firmenname | Unternehmen"
        ),
    ),
    _JOB_TITLE,
    _OTHER_EMAILS,
    _OTHER_PHONES,
    *_ADDRESS,
    _COUNTRY,
    Target(
        "birth_date",
        _("Birth date"),
        "date",
        aliases=_names("Date of birth | Birth Date | Birthday | Birthdate | DOB | Geburtsdatum | Geburtstag"),
    ),
    _WEBSITE,
    Target(
        "customer_since_on",
        _("Customer since"),
        "date",
        aliases=_names("Subscription Date | Customer Since | Client Since | Kunde seit | Kundin seit"),
    ),
    _SOURCE,
    _TAGS,
    _NOTES,
    _OWNER,
    _EXTERNAL_ID,
)

register(
    "companies",
    Target(
        "name",
        _("Name"),
        max_length=200,
        aliases=_names(
            "Name | Company | Company Name | Organization | Organisation | Organization Name"
            " | Account Name | Firma | Firmenname | Unternehmen"
        ),
    ),
    Target(
        "domain",
        _("Domain"),
        "domain",
        max_length=253,
        aliases=_names("Domain | Domain Name | Company Domain Name | Email Domain | Web Domain | Domäne"),
    ),
    _WEBSITE,
    Target(
        "industry",
        _("Industry"),
        max_length=120,
        aliases=_names("Industry | Sector | Branch | Branche | Industrie"),
    ),
    Target(
        "employees",
        _("Employees"),
        "integer",
        aliases=_names(
            "Number of employees | Employees | Employee Count | Headcount | No of employees"
            " | Company Size | Mitarbeiter | Mitarbeiterzahl | Anzahl Mitarbeiter"
        ),
        high=2_147_483_647,
    ),
    Target(
        "founded_year",
        _("Founded"),
        "integer",
        aliases=_names("Founded | Founded Year | Year Founded | Gegründet | Gründungsjahr"),
        low=1,
        high=2100,
    ),
    Target("description", _("Description"), "long_text", 5000, _names("Description | About | Beschreibung")),
    _COUNTRY,
    Target("phone", _("Phone"), "phone", 64, _PHONE_ALIASES),
    *_ADDRESS,
    _SOURCE,
    _TAGS,
    _NOTES,
    _OWNER,
    _EXTERNAL_ID,
)

register(
    "leads",
    *_PERSON_NAME,
    Target(
        "company_name",
        _("Company"),
        max_length=200,
        aliases=_names(
            "Company | Company Name | Organization | Organisation | Account Name | Firma | Unternehmen"
        ),
    ),
    _JOB_TITLE,
    _EMAIL,
    _PHONE,
    _OTHER_EMAILS,
    _OTHER_PHONES,
    _WEBSITE,
    _COUNTRY,
    Target(
        "status",
        _("Status"),
        "choice",
        aliases=_names("Status | Lead Status | Deal Stage | Stage | Lead Stage | Phase | Stufe"),
        choices=tuple(LeadStatus.choices),
        spellings=_LEAD_STATUS_SPELLINGS,
    ),
    _SOURCE,
    _TAGS,
    _NOTES,
    _OWNER,
    _EXTERNAL_ID,
)

register(
    "deals",
    Target(
        "name",
        _("Name"),
        max_length=200,
        aliases=_names(
            "Name | Deal Name | Opportunity Name | Deal | Opportunity | Title | Geschäft | Bezeichnung"
        ),
    ),
    Target("pipeline", _("Pipeline"), "relation", max_length=100, aliases=_names("Pipeline | Sales Process")),
    Target(
        "stage",
        _("Stage"),
        "relation",
        max_length=100,
        aliases=_names("Stage | Deal Stage | Status | Phase | Stufe"),
    ),
    Target(
        "amount",
        _("Amount"),
        "decimal",
        aliases=_names(
            "Amount | Value | Deal Value | Deal Amount | Revenue | Betrag | Wert | Summe | Umsatz"
        ),
    ),
    Target("currency", _("Currency"), "currency", aliases=_names("Currency | Currency Code | Währung")),
    Target(
        "expected_close_on",
        _("Expected close"),
        "date",
        aliases=_names(
            "Close Date | Expected Close | Expected Close Date | Closing Date | Abschlussdatum | Abschluss am"
        ),
    ),
    Target(
        "company",
        _("Company"),
        "relation",
        max_length=200,
        aliases=_names(
            "Company | Company Name | Organization | Organisation | Account Name | Account | Firma | Kunde"
        ),
    ),
    Target(
        "contact",
        _("Contact (by email)"),
        "email",
        max_length=254,
        aliases=_names(
            "Contact | Contact Email | Primary Contact | Email | E-Mail | Kontakt | Ansprechpartner"
        ),
    ),
    Target(
        "lost_reason",
        _("Lost reason"),
        max_length=200,
        aliases=_names("Lost Reason | Loss Reason | Verlustgrund"),
    ),
    _SOURCE,
    _TAGS,
    _NOTES,
    _OWNER,
    _EXTERNAL_ID,
)
