"""Splitting a person's name that stands in one column."""

_PARTICLES = frozenset(
    (
        "van",
        "von",
        "vom",
        "zu",
        "zum",
        "zur",
        "de",
        "der",
        "den",
        "del",
        "della",
        "di",
        "da",
        "das",
        "do",
        "dos",
        "du",
        "la",
        "le",
        "les",
        "el",
        "al",
        "bin",
        "ibn",
        "ben",
        "ter",
        "ten",
    )
)
_SUFFIXES = frozenset(("jr", "jr.", "sr", "sr.", "ii", "iii", "iv", "phd", "ph.d.", "md", "m.d.", "mba"))


def split_name(name: str) -> tuple[str, str]:
    """First and last name. "Last, First" is turned round, particles stay with the last name
    ("Ludwig | van Beethoven"), a single word is the first name."""
    last, comma, first = name.partition(",")
    if comma and first.strip() and first.strip().casefold() not in _SUFFIXES:
        return " ".join(first.split()), " ".join(last.split())
    words = name.split()
    end = len(words)
    while end > 2 and words[end - 1].strip(",").casefold() in _SUFFIXES:
        end -= 1
    start = end - 1
    while start > 1 and words[start - 1].casefold() in _PARTICLES:
        start -= 1
    if start < 1:
        return " ".join(words), ""
    return " ".join(words[:start]), " ".join(words[start:])
