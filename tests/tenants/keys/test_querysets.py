from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection, models
from django.db.models import Case, Count, F, Max, OuterRef, Prefetch, Q, Subquery, When
from django.db.models.functions import Lower
from django.test.utils import CaptureQueriesContext

from tenants.keys.errors import FragmentTooShort, UnanswerableLookup
from tenants.scope import organization_scope
from tests.tenants.keys.shelf import Letter, Person

pytestmark = pytest.mark.django_db


def asked(queries: CaptureQueriesContext) -> list[str]:
    """The questions, without the statement that sets role and path for each cursor."""
    return [query["sql"] for query in queries if "set_config" not in query["sql"]]


@pytest.fixture
def crowd(people: type[Person]) -> list[Person]:
    """Thirty people; in ``mixed`` order their fragments appear without the whole: false candidates."""
    people.objects.bulk_create(
        [
            *(
                Person(name=f"p{n:02}", email=f"person{n:02}@example.com", phone=f"229.077.{n:04}")
                for n in range(20)
            ),
            # "abcd" and "bcde" have all n-grams of "abcde"; so has this, without holding it.
            *(Person(name=f"x{n}", email=f"abcd{n}bcde@trap.example", story="abcd bcde") for n in range(10)),
        ]
    )
    return list(people.objects.order_by("name"))


def test_exact_iexact_and_in_do_not_regard_case(crowd: list[Person]) -> None:
    for lookup in ("email", "email__exact", "email__iexact"):
        assert [p.name for p in Person.objects.filter(**{lookup: "PERSON07@example.COM"})] == ["p07"]
    found = Person.objects.filter(
        email__in=["Person01@example.com", "person02@EXAMPLE.com", "nobody@example.com"]
    )
    assert sorted(p.name for p in found) == ["p01", "p02"]
    assert Person.objects.exclude(email="person01@example.com").count() == 29
    assert Person.objects.filter(email__in=[]).count() == 0


def test_nothing_is_found_by_isnull_and_by_the_empty_text(crowd: list[Person]) -> None:
    nobody = Person.objects.create(name="nobody")
    for condition in ({"email": ""}, {"email": None}, {"email__isnull": True}, {"email__iexact": ""}):
        assert list(Person.objects.filter(**condition)) == [nobody]
    assert Person.objects.filter(email__isnull=False, address__isnull=True).count() == 30
    assert Person.objects.exclude(email="").count() == 30


def test_a_fragment_out_of_the_middle_is_found(crowd: list[Person]) -> None:
    assert [p.name for p in Person.objects.filter(email__contains="on07@ex")] == ["p07"]
    assert [p.name for p in Person.objects.filter(email__icontains="ON07@EX")] == ["p07"]
    assert [p.name for p in Person.objects.filter(phone__contains="229 077 0013")] == ["p13"]
    assert [p.name for p in Person.objects.filter(phone__contains="7-0013")] == ["p13"]
    assert list(Person.objects.filter(phone__contains="jane")) == []


def test_fragments_beyond_ascii_are_found(people: type[Person]) -> None:
    person = people.objects.create(email="jürgen@müller.example", story="Größe 漢字テスト")
    assert people.objects.get(email__contains="RGEN@MÜL") == person
    assert people.objects.get(story__contains="漢字テ") == person
    assert people.objects.get(story__contains="GRÖSSE") == person
    assert not people.objects.filter(story__contains="字漢テ").exists()


def test_false_candidates_never_show(crowd: list[Person]) -> None:
    traps = Person.objects.filter(story__contains="abcde")
    assert len(list(traps.candidates())) == 10
    assert list(traps) == []
    assert traps.count() == 0
    assert not traps.exists()
    assert traps.first() is None
    assert list(traps.iterator()) == []
    assert list(traps.values_list("name")) == []
    assert traps.aggregate(n=Count("pk")) == {"n": 0}
    assert traps.update(name="changed") == 0
    assert traps.delete()[0] == 0
    with pytest.raises(Person.DoesNotExist):
        traps.get()


@pytest.fixture
def hidden(crowd: list[Person]) -> list[Person]:
    """Forty true matches, in the order of names each behind two false ones."""
    rows = []
    for n in range(40):
        rows += [Person(name=f"m{n:02}a", story="abcd bcde"), Person(name=f"m{n:02}b", story="abcd bcde")]
        rows.append(Person(name=f"m{n:02}c", story=f"the abcde {n}"))
    Person.objects.bulk_create(rows)
    return [row for row in rows if row.name.endswith("c")]


def test_slices_are_refilled_past_false_candidates(hidden: list[Person]) -> None:
    found = Person.objects.filter(story__contains="abcde").order_by("name")
    expected = [person.name for person in hidden]
    assert found.count() == len(found) == 40
    assert [p.name for p in found[:25]] == expected[:25]
    assert [p.name for p in found[25:35]] == expected[25:35]
    assert [p.name for p in found[35:99]] == expected[35:]
    assert [p.name for p in found.reverse()[:3]] == expected[:-4:-1]
    assert found[7].name == expected[7]
    assert found.all()[30:].count() == 10
    assert found.all()[:12].count() == 12
    assert found.first() == hidden[0]
    assert found.last() == hidden[-1]
    assert [p.name for p in found.iterator(7)] == expected
    assert len(Person.objects.filter(story__contains="abcde")[:40]) == 40


def test_everything_done_in_the_database_regards_checked_rows_only(hidden: list[Person]) -> None:
    found = Person.objects.filter(story__contains="abcde")
    assert sorted(found.values_list("name", flat=True)) == [person.name for person in hidden]
    assert found.aggregate(last=Max("name")) == {"last": hidden[-1].name}
    assert found.update(name="changed") == 40
    assert found.delete()[0] == 40
    assert Person.objects.filter(story__contains="bcd").count() == 90


def test_a_resolved_queryset_may_be_combined_at_will(hidden: list[Person]) -> None:
    found = Person.objects.filter(story__contains="abcde").resolved()
    either = Person.objects.filter(Q(pk__in=found) | Q(name="p01"))
    assert either.count() == 41
    assert Letter.objects.filter(person__in=found).count() == 0
    assert len(found.union(Person.objects.filter(name="p01"))) == 41


def test_a_page_of_fragments_takes_one_query(crowd: list[Person]) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert len(Person.objects.filter(email__contains="@example")[:10]) == 10
    assert len(asked(queries)) == 1


def test_a_fragment_may_stand_with_other_conditions_joins_and_deferred_columns(crowd: list[Person]) -> None:
    Letter.objects.bulk_create([Letter(person=crowd[3], email="one@letter.example") for _ in range(3)])
    with CaptureQueriesContext(connection) as queries:
        found = list(Person.objects.filter(email__contains="person", name__gt="p15").only("name"))
    assert [p.name for p in sorted(found, key=lambda p: p.name)] == ["p16", "p17", "p18", "p19"]
    assert len(asked(queries)) == 1
    letters = Letter.objects.filter(email__contains="letter").select_related("person")
    assert {letter.person.email for letter in letters} == {"person03@example.com"}
    assert crowd[3].letters.filter(email__contains="letter").count() == 3
    counted = Letter.objects.annotate(n=Count("person")).filter(email__contains="one@let")
    assert [letter.n for letter in counted] == [1, 1, 1]
    with_letters = Person.objects.filter(email__contains="person03").prefetch_related("letters")
    with CaptureQueriesContext(connection) as queries:
        assert [len(p.letters.all()) for p in with_letters] == [3]
    assert len(asked(queries)) == 2
    assert Letter.objects.filter(person__email="PERSON03@example.com").count() == 3


def test_two_fragments_are_both_checked(crowd: list[Person]) -> None:
    found = Person.objects.filter(email__contains="person").filter(phone__contains="0770005")
    assert [p.name for p in found] == ["p05"]


@pytest.mark.parametrize("fragment", ["", "ab", " a ", "é"])
def test_a_fragment_below_three_characters_is_refused_with_what_to_do(
    people: type[Person], fragment: str
) -> None:
    with pytest.raises(FragmentTooShort, match="three characters"):
        people.objects.filter(email__contains=fragment)


def test_two_digits_of_a_number_are_refused(people: type[Person]) -> None:
    with pytest.raises(FragmentTooShort):
        people.objects.filter(phone__contains="(2) 2")


UNKNOWN = "startswith istartswith endswith iendswith regex iregex gt gte lt range len".split()
PLAIN: Any = models.QuerySet
REFUSED: dict[str, Callable[[], Any]] = {
    **{f"__{name}": partial(Person.objects.filter, **{f"email__{name}": "abc"}) for name in UNKNOWN},
    "a transform": lambda: Person.objects.filter(email__lower__contains="abc"),
    "a field that was not asked to": lambda: Person.objects.filter(notes="abc"),
    "a fragment of a field that was not asked to": lambda: Person.objects.filter(notes__contains="abc"),
    "a key of JSON": lambda: Person.objects.filter(address__street="abc"),
    "order_by": lambda: Person.objects.order_by("-email"),
    "order_by an expression": lambda: Person.objects.order_by(F("email").desc()),
    "order_by a function": lambda: list(Person.objects.order_by(Lower("email"))),
    "order_by over a relation": lambda: Letter.objects.order_by("person__email"),
    "order_by a companion": lambda: Person.objects.order_by("email_index"),
    "distinct": lambda: Person.objects.distinct("email"),
    "values": lambda: Person.objects.values("email"),
    "values of everything": lambda: Person.objects.values(),
    "values_list over a relation": lambda: Letter.objects.values_list("person__email"),
    "values by expression": lambda: Person.objects.values(x=F("email")),
    "values of a companion": lambda: Person.objects.values("email_index"),
    "annotate": lambda: Person.objects.annotate(x=Lower("email")),
    "aggregate": lambda: Person.objects.aggregate(Max("email")),
    "a comparison of columns": lambda: Person.objects.filter(email=F("name")),
    "a comparison with the ciphertext": lambda: list(Person.objects.filter(name=F("email"))),
    "a subquery": lambda: Letter.objects.filter(email__in=Person.objects.only("email")),
    "the empty text in a list": lambda: Person.objects.filter(email__in=["a@b.example", ""]),
    "an outer reference": lambda: Letter.objects.filter(email=OuterRef("email")),
    "OR": lambda: Person.objects.filter(Q(email__contains="abc") | Q(name="x")),
    "OR of querysets": lambda: list(
        Person.objects.filter(email__contains="abc") | Person.objects.filter(name="x")
    ),
    "exclude": lambda: Person.objects.exclude(email__contains="abc"),
    "NOT": lambda: Person.objects.filter(~Q(email__contains="abc")),
    "a fragment over a relation": lambda: Letter.objects.filter(person__email__contains="abc"),
    "a fragment in a subquery": lambda: list(
        Letter.objects.filter(person__in=Person.objects.filter(email__contains="abc"))
    ),
    "a fragment in an expression": lambda: list(
        Person.objects.annotate(
            x=Case(When(email__contains="abc", then=1), default=0, output_field=models.IntegerField())
        )
    ),
    "a fragment in a union": lambda: list(
        Person.objects.filter(email__contains="abc").union(Person.objects.all())
    ),
    "a union with a fragment": lambda: list(
        Person.objects.all().union(Person.objects.filter(email__contains="abc"))
    ),
    "a fragment after values": lambda: Person.objects.values("pk").filter(email__contains="abc"),
    "a subquery of ciphertext": lambda: list(
        Letter.objects.annotate(x=Subquery(PLAIN(Person).filter(pk=OuterRef("person")).values("email")[:1]))
    ),
    "update": lambda: Person.objects.update(email="a@b.example"),
    "update of a companion": lambda: Person.objects.update(email_index=b"x"),
    "a plain queryset's order": lambda: list(PLAIN(Person).order_by("email")),
    "a plain queryset's values": lambda: list(PLAIN(Person).values("email")),
    "a plain queryset's fragment": lambda: list(PLAIN(Person).filter(email__contains="abc")),
    "a plain queryset's groups": lambda: list(PLAIN(Person).values("email").annotate(Count("pk"))),
}


@pytest.mark.parametrize("question", REFUSED)
def test_what_ciphertext_cannot_answer_is_refused_with_the_reason(
    people: type[Person], question: str
) -> None:
    with pytest.raises(UnanswerableLookup) as caught:
        REFUSED[question]()
    assert len(str(caught.value)) > 30


def test_a_refusal_names_what_to_use_instead(people: type[Person]) -> None:
    with pytest.raises(UnanswerableLookup, match="use __contains"):
        people.objects.filter(email__startswith="jane")
    with pytest.raises(UnanswerableLookup, match="fragments=True"):
        people.objects.filter(notes__contains="jane")
    with pytest.raises(UnanswerableLookup, match="exact=True"):
        people.objects.filter(notes="jane")


def test_the_index_answers_equality_and_the_gin_index_fragments(crowd: list[Person]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert "email_index" in Person.objects.filter(email="person01@example.com").explain()
    assert "email_g" in Person.objects.filter(email__contains="person01@example.com").explain()


def test_bulk_create_encrypts_and_can_ignore_conflicts(people: type[Person]) -> None:
    people.objects.create(login="a@b.example")
    people.objects.bulk_create(
        [Person(login="A@B.example"), Person(login="c@d.example", notes="n")], ignore_conflicts=True
    )
    assert sorted(p.login for p in people.objects.all()) == ["a@b.example", "c@d.example"]
    assert people.objects.get(login="C@d.example").notes == "n"


def test_bulk_create_updates_other_columns_on_a_conflict_of_addresses(people: type[Person]) -> None:
    person = people.objects.create(login="a@b.example", name="old")
    people.objects.bulk_create(
        [Person(login="A@b.example", name="new")],
        update_conflicts=True,
        update_fields=["name"],
        unique_fields=["login"],
    )
    person.refresh_from_db()
    assert (person.name, person.login) == ("new", "a@b.example")


def test_bulk_create_sets_values_on_a_conflict_of_the_key_and_refuses_to_on_another(
    people: type[Person],
) -> None:
    person = people.objects.create(login="a@b.example", email="old@b.example")
    changed = Person(pk=person.pk, login="x@b.example", email="new@b.example")
    people.objects.bulk_create(
        [changed], update_conflicts=True, update_fields=["email"], unique_fields=["id"]
    )
    assert people.objects.get(email="NEW@b.example").login == "a@b.example"
    with pytest.raises(UnanswerableLookup, match="primary key"):
        people.objects.bulk_create(
            [changed], update_conflicts=True, update_fields=["email"], unique_fields=["login"]
        )


def test_bulk_update_encrypts_each_value_for_its_row(crowd: list[Person]) -> None:
    for person in crowd:
        person.email, person.name, person.address = f"{person.name}@new.example", "same", {"n": person.name}
    crowd[0].email = ""
    assert Person.objects.bulk_update(crowd, ["email", "name", "address"], batch_size=7) == 30
    assert Person.objects.filter(name="same").count() == 30
    assert Person.objects.get(email="P05@new.example").address == {"n": "p05"}
    assert Person.objects.filter(email__contains="@new.ex").count() == 29
    assert list(Person.objects.filter(email="")) == [crowd[0]]


def test_update_empties_a_value_with_its_companions(crowd: list[Person]) -> None:
    assert Person.objects.filter(email="person01@example.com").update(email="", address=None) == 1
    assert not Person.objects.filter(email__contains="person01").exists()
    assert not Person.objects.filter(email="person01@example.com").exists()
    assert [p.name for p in Person.objects.filter(email="")] == ["p01"]


def test_the_rest_of_a_queryset_works_over_fragments(crowd: list[Person]) -> None:
    found = Person.objects.filter(email__contains="person1")
    first = crowd[10]
    assert found.contains(first)
    assert not found.contains(crowd[0])
    assert found.in_bulk([first.pk, crowd[0].pk]) == {first.pk: first}
    assert found.earliest("name") == first
    assert found.select_for_update().order_by("name")[0] == first
    assert [p.name for p in found.distinct().order_by("name")[:2]] == ["p10", "p11"]
    assert found.only("email").order_by("name")[0].email == "person10@example.com"
    assert (found & Person.objects.filter(name__gt="p17")).count() == 2
    assert bool(found) is True
    assert "Limit" in found.all()[:3].explain()


def test_a_related_queryset_with_a_fragment_is_prefetched(crowd: list[Person]) -> None:
    Letter.objects.bulk_create(
        [Letter(person=crowd[0], email="one@x.example"), Letter(person=crowd[0], email="two@x.example")]
    )
    prefetch = Prefetch("letters", Letter.objects.filter(email__contains="two@"), to_attr="found")
    person = Person.objects.prefetch_related(prefetch).get(pk=crowd[0].pk)
    assert [letter.email for letter in person.found] == ["two@x.example"]


def test_groups_over_joined_encrypted_models_work(crowd: list[Person]) -> None:
    Letter.objects.bulk_create([Letter(person=crowd[0], email="one@x.example") for _ in range(2)])
    counted = (
        Letter.objects.select_related("person").annotate(n=Count("person__name")).order_by("person__name")
    )
    assert [(letter.n, letter.person.email) for letter in counted] == [(1, "person00@example.com")] * 2


def test_a_queryset_runs_in_the_organisation_in_which_it_is_evaluated(
    crowd: list[Person], organization_b: Any
) -> None:
    found = Person.objects.filter(email="person01@example.com")
    with organization_scope(organization_b):
        foreign = found.query.get_compiler("default").as_sql()[1]
    ours = found.query.get_compiler("default").as_sql()[1]
    assert foreign != ours
