"""The engine under trouble: interrupted, overtaken by others, with long values."""

import io
import random
import threading

import pytest

from compliance.audit.models import AuditEntry
from crm.imports import mapping, reader, rules, running, writer
from crm.imports.kinds import record_kind
from crm.imports.models import ImportReject
from crm.imports.seen import SeenKeys
from crm.imports.targets import KINDS, targets
from crm.models import Company, Contact, Import
from tenants.jobs.errors import JobCancelled
from tenants.scope import organization_scope


def setup(data: bytes, kind: str = "contacts", **options) -> tuple[io.BytesIO, running.Setup]:
    file = io.BytesIO(data)
    shape = reader.inspect(file)
    mapped = mapping.checked(mapping.auto_map(shape.header, kind), shape.header, kind)
    return file, running.Setup(kind, shape, mapped, rules.checked(kind, **options))


def table(rows: int) -> bytes:
    """Rows with a repetition after each ninth and a bad one after each tenth."""
    lines = ["Email,First Name,Company"]
    for number in range(rows):
        lines.append(f"a{number}@example.com,Ann,Firm {number % 7}")
        if number % 9 == 0:
            lines.append(f"A{number}@example.com,Anna,Other")
        if number % 10 == 0:
            lines.append("nobody,Bad,Never")
    return "\n".join(lines).encode()


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(running, "CHUNK_ROWS", 20)


@pytest.fixture
def item(in_a) -> Import:
    made = Import(kind="contacts", file="imports/" + "0" * 32)
    made.save()
    return made


def run(file, chosen, item, state=None, settled=lambda state, done: None, between=lambda: None):
    return running.run(
        file, chosen, import_id=item.pk, actor_id=None, state=state or {}, settled=settled, between=between
    )


def test_an_interrupted_import_goes_on_behind_the_last_chunk(item, small_chunks):
    file, chosen = setup(table(200))
    states: list[dict] = [{}]
    steps = random.Random(5)
    outcome = None
    while outcome is None:
        budget = steps.randrange(1, 4)

        def between():
            nonlocal budget
            budget -= 1
            if budget < 0:
                raise JobCancelled

        try:
            outcome = run(file, chosen, item, states[-1], lambda state, _done: states.append(state), between)
        except JobCancelled:
            continue
    counts = outcome.as_json()
    assert (counts["rows"], counts["new"], counts["duplicate"], counts["rejected"]) == (243, 200, 23, 20)
    assert len(states) == 14
    assert Contact.objects.count() == 200
    assert {contact.email for contact in Contact.objects.all()} == {f"a{n}@example.com" for n in range(200)}
    assert AuditEntry.objects.filter(kind="crm.contact").count() == 200
    assert sorted(company.name for company in Company.objects.all()) == [f"Firm {n}" for n in range(7)]
    assert ImportReject.objects.count() == 20


def test_a_chunk_whose_settling_fails_leaves_nothing(item, small_chunks):
    file, chosen = setup(table(30))

    def settled(_state, done):
        if done > 20:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        run(file, chosen, item, settled=settled)
    assert Contact.objects.count() == 16


def overtake(monkeypatch, act) -> None:
    """Let ``act`` happen once between the sorting of a chunk and its transaction."""
    begin = writer.ChunkStore._begin
    done: list[bool] = []

    def overtaken(self, chunk):
        if not done:
            done.append(True)
            act()
        begin(self, chunk)

    monkeypatch.setattr(writer.ChunkStore, "_begin", overtaken)


def test_who_was_created_meanwhile_is_updated_and_not_doubled(item, monkeypatch):
    file, chosen = setup(b"Email,First Name\nann@example.com,Ann\nbob@example.com,Bob\n")
    overtake(monkeypatch, lambda: Contact(email="ANN@example.com").save())
    counts = run(file, chosen, item).counts
    assert (counts["new"], counts["updated"]) == (1, 1)
    assert Contact.objects.count() == 2
    assert Contact.objects.get(email="ann@example.com").first_name == "Ann"


def test_who_was_changed_meanwhile_is_compared_anew(item, monkeypatch):
    contact = Contact(email="ann@example.com", job_title="Old")
    contact.save()
    file, chosen = setup(b"Email,First Name,Job Title\nann@example.com,Ann,Boss\n")

    def act():
        other = Contact.objects.get(pk=contact.pk)
        other.job_title, other.version = "Boss", 2
        other.save()

    overtake(monkeypatch, act)
    assert run(file, chosen, item).counts["updated"] == 1
    entry = AuditEntry.objects.filter(object_id=contact.pk, source_kind="").latest("id")
    assert entry.changes["first_name"] == ["", "Ann"]
    assert "job_title" not in entry.changes
    assert Contact.objects.get(pk=contact.pk).version == 3


def test_a_company_that_another_import_made_meanwhile_is_used_by_all_chunks(item, monkeypatch, small_chunks):
    rows = "".join(f"a{n}@example.com,Acme\n" for n in range(60))
    file, chosen = setup(f"Email,Company\n{rows}".encode())
    overtake(monkeypatch, lambda: Company(name="ACME").save())
    assert run(file, chosen, item).counts["new"] == 60
    assert Company.objects.count() == 1
    assert Contact.objects.filter(company=Company.objects.get()).count() == 60


def test_a_company_that_only_rejected_rows_name_is_not_made(item):
    file, chosen = setup(b"Email,Company,Deal Stage\nbad,Never,\n", "contacts")
    assert run(file, chosen, item).counts["rejected"] == 1
    assert not Company.objects.exists()


def test_long_notes_make_smaller_chunks(in_a):
    note = "x" * 15_000
    file, chosen = setup(("Email,Notes\n" + "".join(f"a{n}@e.com,{note}\n" for n in range(1500))).encode())
    converter, _planner = running._prepare(chosen)
    sizes = [len(portion.items) for portion in running.Source(file, chosen, converter).portions()]
    assert sum(sizes) == 1500
    assert max(sizes) < 700


def test_a_file_of_only_bad_rows_and_the_last_portion(in_a):
    file, chosen = setup(b"Email\n" + b"bad\n" * 5)
    converter, _planner = running._prepare(chosen)
    portions = list(running.Source(file, chosen, converter).portions())
    assert [(len(p.items), len(p.refused), p.end, p.last) for p in portions] == [(0, 5, 5, True)]


def test_the_limits_of_targets_are_those_of_the_models():
    for kind in KINDS:
        model = record_kind(kind).model
        for target in targets(kind).values():
            if target.type in ("text", "long_text", "url", "email", "phone", "domain", "choice"):
                if target.type == "email" and target.name == "contact":
                    continue
                field = model._meta.get_field(target.stored_in)
                limit = field.max_length
                assert not limit or not target.max_length or target.max_length <= limit, (kind, target.name)
                assert target.type == "choice" or target.max_length, (kind, target.name)


def test_seen_keys_remember_and_grow():
    seen = SeenKeys()
    keys = [random.Random(1).getrandbits(64) - (1 << 63) for _ in range(3)]
    keys += [hash(("key", number)) for number in range(20_000)]
    assert [seen.add(key) for key in dict.fromkeys(keys)] == [True] * len(set(keys))
    assert not any(seen.add(key) for key in keys)
    assert all(key in seen for key in keys)
    assert hash("other") not in seen
    assert len(seen) == len(set(keys))


class Store:
    """Stands in for the database."""

    def __init__(self, fail_at: int = -1) -> None:
        self.stored: list[int] = []
        self.fail_at = fail_at
        self.thread = ""

    def store(self, chunk) -> None:
        if chunk == self.fail_at:
            raise ValueError("broken")
        self.thread = threading.current_thread().name
        self.stored.append(chunk)


def hand_over(store: Store, chunks: int, then: type[Exception] | None = None) -> None:
    with writer.Overlapped(store) as way:
        for number in range(chunks):
            way.store(number)
        if then:
            raise then


def test_chunks_are_stored_in_order_by_a_thread(in_a):
    store = Store()
    hand_over(store, 20)
    assert (store.stored, store.thread) == (list(range(20)), "import-writer")


def test_an_error_of_the_thread_reaches_the_caller_and_nothing_is_stored_behind_it(in_a):
    store = Store(fail_at=2)
    with pytest.raises(ValueError, match="broken"):
        hand_over(store, 20)
    assert store.stored == [0, 1]


def test_what_the_caller_gave_before_it_stopped_is_stored(in_a):
    store = Store()
    with pytest.raises(JobCancelled):
        hand_over(store, 1, then=JobCancelled)
    assert store.stored == [0]


def test_the_import_lock_is_the_organisations(in_a, organization_b):
    here = writer.import_lock_key()
    with organization_scope(organization_b):
        assert writer.import_lock_key() != here
    assert writer.import_lock_key() == here
