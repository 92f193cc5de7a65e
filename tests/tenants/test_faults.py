from tenants import faults


def test_an_error_is_described_by_kinds_and_places_without_its_words():
    try:
        try:
            [].index("ada@example.com")
        except ValueError as error:
            raise RuntimeError("Ada Lovelace") from error
    except RuntimeError as error:
        text = faults.described(error)
    assert text.startswith("builtins.RuntimeError\n")
    assert "caused by builtins.ValueError" in text
    assert "test_faults.py" in text
    assert "Ada" not in text
    assert "ada@" not in text


def test_an_error_that_causes_itself_ends():
    error = ValueError()
    error.__cause__ = error
    assert faults.described(error).count("ValueError") == 1


def test_references_differ_and_can_be_read_out():
    references = {faults.new_reference() for _ in range(100)}
    assert len(references) == 100
    assert not set("01OIL").intersection(*map(set, references))
