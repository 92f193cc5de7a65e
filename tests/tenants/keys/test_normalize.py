import hashlib
import hmac
import random

import phonenumbers
import pytest

from tenants.keys import phones
from tenants.keys.errors import MIN_FRAGMENT
from tenants.keys.index import GramMemo, Indexer, derive
from tenants.keys.normalize import EMAIL, PHONE, TEXT


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Jane.Doe@Example.COM", " jane.doe@example.com "),
        ("jürgen@müller.de", "JÜRGEN@xn--mller-kva.de"),
        ("jane@example.com", "jane@example.com"),
        ("info@STRASSE.de", "info@strasse.de"),
    ],
)
def test_addresses_that_reach_the_same_mailbox_are_equal(one: str, other: str) -> None:
    assert EMAIL.index_form(one, None) == EMAIL.index_form(other, None)


def test_domains_that_idna_tells_apart_stay_apart() -> None:
    assert EMAIL.index_form("info@straße.de", None) != EMAIL.index_form("info@strasse.de", None)


def test_an_ascii_domain_is_also_found_by_what_people_read() -> None:
    assert any("müller" in form for form in EMAIL.search_forms("jane@xn--mller-kva.de", None))


def test_text_is_equal_without_case_width_and_runs_of_blanks() -> None:
    assert TEXT.index_form("Once  Upon\nＡ time", None) == TEXT.index_form("once upon a TIME", None)


@pytest.mark.parametrize(
    ("text", "region", "form"),
    [
        ("229.077.5154", None, "2290775154"),
        ("229.077.5154", "US", "+12290775154"),
        ("+1-539-402-0259", None, "+15394020259"),
        ("001-808-617-6467x12947", "US", "+18086176467;ext=12947"),
        ("001-808-617-6467x12947", None, "+18086176467;ext=12947"),
        ("+44 (0)20 7946 0018", None, "+442079460018"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("0049 89 123456", "US", "+4989123456"),
        ("089/123456", "DE", "+4989123456"),
        ("+39 06 1234 5678", None, "+390612345678"),
        ("(496)978-3969x58947", "US", "+14969783969;ext=58947"),
        ("(555) 123-4567 ext. 12", "US", "+15551234567;ext=12"),
        ("tel:+1-555-123-4567;ext=12", "US", "+15551234567;ext=12"),
        ("１２３４５", None, "12345"),
        ("Reception", None, "reception"),
        ("12", "US", "12"),
    ],
)
def test_a_number_has_one_form(text: str, region: str | None, form: str) -> None:
    assert phones.normalize_phone(text, region) == form


def test_the_quick_path_says_what_libphonenumber_says() -> None:
    chance = random.Random(5)
    shapes = [
        "{}{}{}",
        "({}) {}-{}",
        "{}.{}.{}",
        "+1 {} {} {}",
        "+1-{}-{}-{}",
        "1{}{}{}",
        "1-{}-{}-{}",
        "{} {}/{}",
    ]
    compared = 0
    for _ in range(4000):
        parts = (
            f"{chance.randrange(1000):03}",
            f"{chance.randrange(1000):03}",
            f"{chance.randrange(10000):04}",
        )
        text = chance.choice(shapes).format(*parts)
        for region in ("US", "CA", "DE", None):
            quick = phones._fast(text, region)
            if not quick.startswith("+"):
                continue
            parsed = phonenumbers.parse(text, region)
            assert phonenumbers.is_possible_number(parsed)
            assert quick == phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164), text
            compared += 1
    assert compared > 4000


@pytest.mark.parametrize("fragment", ["229 077", "0775", "+1 (229)", "5154"])
def test_a_run_of_digits_is_found_however_it_is_written(fragment: str) -> None:
    form = PHONE.fragment_form(fragment)
    assert form is not None
    assert any(form in text for text in PHONE.search_forms("229.077.5154", "US"))


def test_a_fragment_with_letters_is_in_no_number() -> None:
    assert PHONE.fragment_form("jane 229") is None


def test_number_and_extension_do_not_run_together() -> None:
    assert PHONE.search_forms("846-790-4623x4715", None) == ("8467904623", "4715")


def test_tokens_depend_on_key_kind_and_gram_only() -> None:
    one, other = Indexer(b"k" * 32), Indexer(b"K" * 32)
    assert list(one.tokens(b"e", ["abc", "üñ漢"])) == list(one.tokens(b"e", ["abc"])) + list(
        one.tokens(b"e", ["üñ漢"])
    )
    assert list(one.tokens(b"e", ["abc"])) != list(other.tokens(b"e", ["abc"]))
    assert list(one.tokens(b"e", ["abc"])) != list(one.tokens(b"p", ["abc"]))
    assert one.digest(b"e", "abc") != one.digest(b"p", "abc")
    assert one.digest(b"e", "abc") != other.digest(b"e", "abc")


def test_the_blind_index_is_hmac_sha256() -> None:
    expected = hmac.new(derive(b"k" * 32, "index"), b"e" + "jürgen".encode(), hashlib.sha256).digest()[:16]
    assert Indexer(b"k" * 32).digest(b"e", "jürgen") == expected


def test_no_two_grams_share_a_block() -> None:
    grams = ["a\0\0", "\0\0a", "abc", "a\0b", "𝒳𝒴𝒵", "éé\0", "\0éé", "漢字仮"]
    assert len(set(Indexer(b"k" * 32).tokens(b"t", grams))) == len(grams)


def test_remembered_tokens_equal_fresh_ones_also_when_the_memory_overflows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tenants.keys.index.MEMO_GRAMS", 10)
    indexer = Indexer(b"k" * 32)
    memo = GramMemo(indexer, b"e")
    texts = [f"person{number}@example.com" for number in range(50)]
    for text in [*texts, "a@b", "ab@c", "a@b@c@d", "@abcd", "ab@", "aaaa@aaaa"]:
        grams = {text[at : at + MIN_FRAGMENT] for at in range(len(text) - MIN_FRAGMENT + 1)}
        assert memo.tokens([text]) == sorted(set(indexer.tokens(b"e", grams)))
        assert sorted(map(int, memo.array([text])[1:-1].split(","))) == memo.tokens([text])
    assert len(memo._known) < 60
    assert memo.array(["ab"]) == memo.array(["a@"]) == memo.array([]) == "{}"
