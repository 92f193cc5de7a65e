"""How long a page of the contact list takes over many rows, against the same page over 100 rows.

Two organisations: one with 100 contacts, one with ROWS (1,000,000 by default), both written by COPY with
encrypted addresses, indexes and n-grams as an import writes them. Each page is asked for in both in turn, in
this process, by somebody signed in, and shows the same number of rows in both. With ``KEEP=1`` the
organisations stay for the next run.
"""

import os
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from typing import Any

from django.conf import settings
from django.db import connection, connections
from django.test import Client

from bench import organizations
from crm.models import Company, Contact, ContactTag, Tag
from tenants.accounts import roles
from tenants.accounts.models import Role, User
from tenants.ids import uuid7
from tenants.keys.bulk import FieldCipher
from tenants.organizations.models import Organization
from tenants.organizations.services import create_organization
from tenants.scope import organization_scope, platform_scope, role_mode

FEW, PREFIX = 100, "list"
SAMPLES, WARM_UP = 15, 2
PORTION = 20_000
MATCHES = 20  # rows of a rare value, in both organisations
PAGE_GOAL, SEARCH_GOAL = 1.3, 2.0
NULL = "\\N"
COLUMNS = (
    "id", "first_name", "last_name", "job_title", "country", "source", "external_id", "website", "company_id",
    "owner_id", "created_at", "updated_at", "version", "email", "email_index", "email_grams", "phone",
    "phone_index", "phone_grams",
)  # fmt: skip
FIRST = (
    "Ada Ben Clara David Elena Felix Greta Hugo Ines Jonas Kai Lara Milan Nora Oscar Paula Rosa Theo Uma Vera"
)
LAST = (
    "Abel Bauer Costa Dietrich Eriksen Fontaine Gruber Hansen Ibrahim Jansen Keller Lopez Moreau Novak Olsen"
)
COUNTRIES = ("DE", "US", "FR", "GB", "ES", "IT", "NL", "AT", "CH", "PL")
SYLLABLES = (
    "ba be bi bo da de di do fa fe ga ge ka ke la le li lo ma me mi mo na ne no ra re ri ro sa se".split()
)


@dataclass(frozen=True)
class Fixed:
    """What the rows of an organisation refer to."""

    owner: str
    company_ids: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """The made-up values of contact ``number``. Every tenth (of the few: every one) is what the filters ask
    for; as many rows in both organisations hold the rare values."""

    number: int
    total: int

    @property
    def is_common(self) -> bool:
        return self.total == FEW or self.number % 10 == 0

    @property
    def is_rare(self) -> bool:
        step = max(1, self.total // MATCHES)
        return self.number % step == step - 1

    @property
    def word(self) -> str:
        number, parts = self.number * 2_654_435_761 % 2**32, []
        for _ in range(4):
            number, place = divmod(number, len(SYLLABLES))
            parts.append(SYLLABLES[place])
        return "".join(parts)

    @property
    def last_name(self) -> str:
        end = "berg" if self.is_common else LAST.split()[self.number % 15].lower()
        return f"{self.word.title()}{'zwyx' if self.is_rare else ''}{end}"

    @property
    def first_name(self) -> str:
        return "Ada" if self.is_common else FIRST.split()[1 + self.number % 19]

    @property
    def email(self) -> str:
        middle = "quixote" if self.is_rare else self.word
        return f"{self.first_name.lower()}.{middle}{self.number}@{self.word[:4]}.example"

    @property
    def phone(self) -> str:
        return (
            f"+49 176 5555{self.number % 10_000:04d}"
            if self.is_rare
            else f"+49 30 {self.number * 7 % 10**8:08d}"
        )


def lines(
    model_cipher: tuple[FieldCipher, FieldCipher], numbers: range, total: int, fixed: Fixed
) -> Iterator[str]:
    """Rows as COPY's text format reads them."""
    email, phone = model_cipher
    now = datetime.now(UTC).isoformat()
    for number in numbers:
        row, key = Row(number, total), uuid7()
        pk, address, call = key.bytes, row.email, row.phone
        yield "\t".join(
            (
                key.hex, row.first_name, row.last_name, "Buyer",
                "DE" if row.is_common else COUNTRIES[1 + number % 9],
                "Bench", f"B{number}", "", fixed.company_ids[number % len(fixed.company_ids)],
                fixed.owner if row.is_common else NULL, now, now, "1",
                email.seal_hex(pk, address), f"\\\\x{email.index(address).hex()}", email.grams_text(address),
                phone.seal_hex(pk, call), f"\\\\x{phone.index(call).hex()}", phone.grams_text(call),
            )
        ) + "\n"  # fmt: skip


def fill_portion(slug: str, numbers: range, total: int, fixed: Fixed) -> None:
    """Write the contacts of ``numbers``."""
    with organization_scope(organization_of(slug)):
        cipher = FieldCipher(Contact, "email"), FieldCipher(Contact, "phone")
        statement = f"COPY crm_contact ({', '.join(COLUMNS)}) FROM STDIN"
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write("".join(lines(cipher, numbers, total, fixed)))


def prepare_worker() -> None:
    """A process of its own has a connection of its own."""
    connections.close_all()


def organization_of(slug: str) -> Organization:
    with platform_scope():
        found: Organization = Organization.objects.get(slug=slug)
        return found


def fill(slug: str, total: int) -> None:
    """An organisation with a user, companies, tags and ``total`` contacts."""
    create_organization(name=slug.title(), slug=slug, owner_email=f"owner@{slug}.example")
    organization = organization_of(slug)
    with organization_scope(organization):
        user = User.objects.create_user(f"ops@{slug}.example", name="Oscar Operations", password="")
        user.roles.add(Role.objects.get(key=roles.OPERATIONS))
        companies = [Company(name=f"{word.title()} Works {number}") for number, word in company_words(total)]
        Company.objects.bulk_create(companies)
        tag = Tag(name="VIP")
        tag.save()
        fixed = Fixed(str(user.pk), tuple(company.pk.hex for company in companies))
    portions = [range(start, min(start + PORTION, total)) for start in range(0, total, PORTION)]
    connections.close_all()
    with ProcessPoolExecutor(2, get_context("fork"), initializer=prepare_worker) as pool:
        for done in [pool.submit(fill_portion, slug, portion, total, fixed) for portion in portions]:
            done.result()
    with organization_scope(organization), role_mode("owner"), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO crm_contacttag (id, contact_id, tag_id)"
            " SELECT gen_random_uuid(), id, %s FROM crm_contact WHERE owner_id IS NOT NULL",
            [tag.pk],
        )
        for table in (Contact, ContactTag, Company):
            cursor.execute(f"VACUUM ANALYZE {table._meta.db_table}")


def is_filled(slug: str, total: int) -> bool:
    """Whether an earlier run left the organisation, complete."""
    with platform_scope():
        found = Organization.objects.filter(slug=slug).first()
    if found is None:
        return False
    with organization_scope(found):
        return bool(Contact.objects.count() == total and ContactTag.objects.exists())


def company_words(total: int) -> Iterator[tuple[int, str]]:
    for number in range(max(10, min(total // 20, 20_000))):
        yield number, Row(number, total).word


@dataclass(frozen=True)
class Side:
    """One organisation, signed in."""

    client: Client
    organization: Organization
    middle: str
    tag: str

    def ask(self, query: str) -> Any:
        with platform_scope():
            return self.client.get(f"/admin/crm/contact/?{query.format(middle=self.middle, tag=self.tag)}")


def sign_in(slug: str) -> Side:
    organization = organization_of(slug)
    client = Client(SERVER_NAME=f"{slug}.{settings.BASE_DOMAIN}", raise_request_exception=True)
    with organization_scope(organization):
        client.force_login(User.objects.get(name="Oscar Operations"))
        newest = Contact.objects.order_by("-id").values_list("pk", flat=True)
        rows = Contact.objects.count()
        # Over 100 rows there is no middle with a whole page behind it: their page is the first one.
        middle = newest[rows // 2].hex if rows > FEW else ""
        tag = str(Tag.objects.get(name="VIP").pk)
    return Side(client, organization, middle, tag)


PAGES = {
    "first page": "",
    "deep page": "after={middle}",
    "filter by country": "country=DE",
    "filter by country, deep": "country=DE&after={middle}",
    "filter by owner": "owner=me",
    "filter by tag": "tag={tag}",
    "filter by tag, deep": "tag={tag}&after={middle}",
    "filter by source": "source=Bench",
    "filter by created": "created_from=2020-01-01",
    "order by name": "o=1",
    "order by name, descending": "o=-1",
    "order by name, deep": "o=1&after={middle}",
    "order by changed": "o=-7",
}
SEARCHES = {
    "search a rare part of a name": "q=zwyx",
    "search a frequent part of a name": "q=berg",
    "search first and last name": "q=ada+berg",
    "search part of an email": "q=quixot",
    "search part of a phone": "q=765555",
    "search frequent part, filtered": "q=berg&country=DE",
}


def median_of(ask: Callable[[], Any]) -> float:
    started = time.perf_counter()
    response = ask()
    seconds = time.perf_counter() - started
    if response.status_code != 200:
        raise RuntimeError(f"The page answered {response.status_code}.")
    return seconds


def measure(few: Side, many: Side, query: str) -> tuple[float, float, int, int]:
    """Median seconds over few and over many, in turn, and the rows that each page shows."""
    shown = [side.ask(query).content.count(b'class="data-row"') for side in (few, many)]
    times: tuple[list[float], list[float]] = ([], [])
    for round_ in range(SAMPLES + WARM_UP):
        for side, found in zip((few, many), times, strict=True):
            seconds = median_of(lambda side=side: side.ask(query))  # type: ignore[misc]
            if round_ >= WARM_UP:
                found.append(seconds)
    return statistics.median(times[0]), statistics.median(times[1]), shown[0], shown[1]


def run(rows: int | None) -> dict[str, Any]:
    """``rows`` is the number of contacts of the larger organisation (1,000,000 by default)."""
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    total = rows or 1_000_000
    slugs = {f"{PREFIX}-few": FEW, f"{PREFIX}-{total}-rows": total}
    prepared = time.perf_counter()
    for slug, count in slugs.items():
        if not is_filled(slug, count):
            organizations.remove(slug)
            fill(slug, count)
    figures: dict[str, Any] = {"seconds to fill": time.perf_counter() - prepared}
    goals: dict[str, dict[str, Any]] = {}
    few, many = (sign_in(slug) for slug in slugs)
    for pages, goal in ((PAGES, PAGE_GOAL), (SEARCHES, SEARCH_GOAL)):
        for name, query in pages.items():
            small, large, shown_few, shown_many = measure(few, many, query)
            figures[f"{name}: ms over {FEW}"] = small * 1_000
            figures[f"{name}: ms over {total}"] = large * 1_000
            figures[f"{name}: rows shown"] = f"{shown_few} / {shown_many}"
            ratio = large / small
            goals[f"{name}, ratio"] = {"target": f"<= {goal}", "value": ratio, "met": ratio <= goal}
    if not os.environ.get("KEEP"):
        organizations.remove(PREFIX)
    return {"job": "list", "params": {"rows": total, "samples": SAMPLES}, "figures": figures, "goals": goals}
