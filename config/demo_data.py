"""Believable files for the demo: the same rows at every run, nothing of a real person.

Addresses end in a domain that RFC 2606 reserves; German and American phone numbers lie in the ranges kept
for fiction (the drama numbers of the Bundesnetzagentur, 555-01XX).
"""

import csv
import io
import random
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

FIRST = (
    "Ada Amir Anna Ben Bianca Carlos Chloe Clara David Dmitri Elena Emil Emma Fatima Felix Finn Greta"
    " Hannah Hugo Ines Ivan Jana Jonas Julia Kai Karim Lara Lea Leon Lina Luca Maja Marie Mateo Mia"
    " Milan Nadia Noah Nora Olga Omar Paul Petra Quentin Rosa Samir Sara Sofia Theo Tom Uma Victor"
    " Wanda Yara Yusuf Zoe"
).split()
LAST = (
    "Abel Albrecht Anders Bauer Becker Berger Bianchi Brandt Castro Costa Dietrich Dubois Eriksen"
    " Fischer Fontaine Garcia Gruber Haas Hansen Hartmann Hoffmann Ibrahim Jansen Jensen Kaiser Keller"
    " Klein Kovacs Kramer Lang Larsen Lehmann Lindholm Lopez Marino Martin Meyer Moreau Nakamura"
    " Neumann Novak Olsen Ortega Patel Peters Richter Romano Rossi Santos Schmidt Schneider Silva"
    " Sommer Tanaka Thomsen Vogel Wagner Weber Winter Zimmer"
).split()
COMPANY_FIRST = (
    "Alpen Amber Atlas Blue Bright Cedar Clear Copper Delta Eagle East Elbe Falcon Forge Glas Golden"
    " Granite Green Harbour Hanse Helio Iron Kappa Lake Linden Luna Maple Meridian Metro Nord Ocean"
    " Orbit Pine Polar Prime Quartz River Ruhr Silver Solar Stein Summit Terra Union Vega Vista Wald"
    " West Wind"
).split()
COMPANY_LAST = (
    "Analytics Bau Energie Foods Health Logistics Media Robotics Software Systems Textil Travel Werke".split()
)
LEGAL = ("GmbH", "AG", "Ltd", "Inc", "KG", "SAS", "BV")
INDUSTRIES = (
    "Automotive",
    "Construction",
    "Education",
    "Energy",
    "Finance",
    "Food",
    "Health care",
    "Logistics",
    "Media",
    "Retail",
    "Software",
    "Travel",
)
TITLES = (
    "Account Manager",
    "Buyer",
    "CEO",
    "CFO",
    "CTO",
    "Consultant",
    "Designer",
    "Engineer",
    "Head of Marketing",
    "Head of Sales",
    "HR Manager",
    "Operations Manager",
    "Product Manager",
    "Project Lead",
)
SOURCES = ("Website", "Referral", "Trade fair", "Webinar", "Partner", "Cold call", "Newsletter")
PLACES = (
    ("Berlin", "Germany"),
    ("Hamburg", "Germany"),
    ("Munich", "Germany"),
    ("Vienna", "Austria"),
    ("Zurich", "Switzerland"),
    ("Paris", "France"),
    ("Lyon", "France"),
    ("Madrid", "Spain"),
    ("Milan", "Italy"),
    ("Rotterdam", "Netherlands"),
    ("Copenhagen", "Denmark"),
    ("London", "United Kingdom"),
    ("Chicago", "United States"),
    ("Austin", "United States"),
)
STAGES = (("New", 30), ("Qualified", 25), ("Proposal", 18), ("Negotiation", 12), ("Won", 10), ("Lost", 5))
LEAD_STAGES = ("new", "contacted", "qualified", "on_hold", "disqualified")
PRODUCTS = (
    "Annual licence",
    "Pilot project",
    "Support contract",
    "Migration",
    "Training",
    "Rollout",
    "Renewal",
)
TODAY = date(2026, 11, 1)  # the demo's own calendar, so that every run makes the same rows


@dataclass(frozen=True)
class DemoFiles:
    """CSV texts, each with a header that the import maps by itself."""

    companies: str
    contacts: str
    leads: str
    deals: str


def files(
    *,
    seed: int,
    owners: Sequence[str],
    currency: str,
    companies: int,
    contacts: int,
    leads: int,
    deals: int,
) -> DemoFiles:
    """The files of one organisation; ``seed`` decides every value.

    ``owners`` are names of users, "" for nobody.
    """
    chance = random.Random(seed)  # noqa: S311 - made-up data, nothing secret
    firms = _companies(chance, companies)
    people = _contacts(chance, firms, contacts)
    opportunities = _deals(chance, people, deals, currency)
    kinds = (firms, people, _leads(chance, leads), opportunities)
    for row in (row for rows in kinds for row in rows):
        row["Owner"] = chance.choice(owners)
    return DemoFiles(*(_csv(rows) for rows in kinds))


def _companies(chance: random.Random, count: int) -> list[dict[str, object]]:
    pairs = [(first, last) for first in COMPANY_FIRST for last in COMPANY_LAST]
    chance.shuffle(pairs)
    rows: list[dict[str, object]] = []
    for number, (first, last) in enumerate(pairs[:count], start=1):
        city, country = chance.choice(PLACES)
        domain = f"{_plain(first)}-{_plain(last)}.example"
        rows.append(
            {
                "Company Id": f"C-{number:05d}",
                "Name": f"{first} {last} {chance.choice(LEGAL)}",
                "Website": f"https://www.{domain}/",
                "Industry": chance.choice(INDUSTRIES),
                "Number of employees": int(chance.lognormvariate(4.5, 1.2)) + 2,
                "Founded": chance.randint(1920, 2024),
                "City": city,
                "Country": country,
                "Source": chance.choice(SOURCES),
            }
        )
    return rows


def _contacts(chance: random.Random, firms: list[dict[str, object]], count: int) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for number in range(1, count + 1):
        first, last = chance.choice(FIRST), chance.choice(LAST)
        firm = chance.choice(firms)
        domain = str(firm["Website"]).removeprefix("https://www.").rstrip("/")
        rows.append(
            {
                "Customer Id": f"P-{number:06d}",
                "First Name": first,
                "Last Name": last,
                "Job Title": chance.choice(TITLES),
                "Company": firm["Name"],
                "Email": f"{_plain(first)}.{_plain(last)}{number}@{domain}",
                "Phone": _phone(chance),
                "City": firm["City"],
                "Country": firm["Country"],
                "Source": chance.choice(SOURCES),
                "Customer since": (TODAY - timedelta(days=chance.randint(0, 2500))).isoformat(),
            }
        )
    return rows


def _leads(chance: random.Random, count: int) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for number in range(1, count + 1):
        first, last = chance.choice(FIRST), chance.choice(LAST)
        company = f"{chance.choice(COMPANY_FIRST)} {chance.choice(COMPANY_LAST)}"
        rows.append(
            {
                "Lead Id": f"L-{number:05d}",
                "First Name": first,
                "Last Name": last,
                "Company": company,
                "Job Title": chance.choice(TITLES),
                "Email": f"{_plain(first)}{number}@{_plain(company)}.example",
                "Phone": _phone(chance),
                "Source": chance.choice(SOURCES),
                "Status": chance.choice(LEAD_STAGES),
            }
        )
    return rows


def _deals(
    chance: random.Random, people: list[dict[str, object]], count: int, currency: str
) -> list[dict[str, object]]:
    names, weights = zip(*STAGES, strict=True)
    rows: list[dict[str, object]] = []
    for number in range(1, count + 1):
        person = chance.choice(people)
        rows.append(
            {
                "Deal Id": f"D-{number:05d}",
                "Name": f"{chance.choice(PRODUCTS)} {person['Company']}",
                "Company": person["Company"],
                "Contact email": person["Email"],
                "Stage": chance.choices(names, weights)[0],
                "Amount": round(chance.lognormvariate(9, 1)) // 50 * 50 + 500,
                "Currency": currency,
                "Expected close": (TODAY + timedelta(days=chance.randint(-60, 150))).isoformat(),
            }
        )
    return rows


def _phone(chance: random.Random) -> str:
    if chance.random() < 0.6:
        return f"+49 30 23125 {chance.randint(0, 999):03d}"
    return f"+1 312-555-01{chance.randint(0, 99):02d}"


def _plain(text: str) -> str:
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_text.lower()).strip("-")


def _csv(rows: Iterable[dict[str, object]]) -> str:
    rows = list(rows)
    target = io.StringIO()
    writer = csv.DictWriter(target, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return target.getvalue()
