"""An organisation may choose any hue, and everybody can read the result."""

import math
import re

import pytest

from config.admin_theme import initials, palette


def linear_rgb(color: str) -> tuple[float, float, float]:
    """Linear sRGB of an ``oklch()`` colour, clipped to what a screen shows (CSS Color 4, 9.3)."""
    light, chroma, hue = (float(part) for part in re.findall(r"[\d.]+", color))
    light /= 100
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    channels = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
    red, green, blue = (min(1.0, max(0.0, channel)) for channel in channels)
    return red, green, blue


def luminance(color: str) -> float:
    if color == "white":
        return 1.0
    red, green, blue = linear_rgb(color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(
    ("text", "ground"),
    [
        (("primary", "600"), "white"),  # links and the white of buttons
        (("primary", "700"), "white"),
        (("primary", "600"), ("base", "100")),  # the open page in the sidebar
        (("primary", "700"), ("primary", "100")),  # labels
        (("primary", "500"), ("base", "900")),  # links in the dark
        (("primary", "500"), ("base", "800")),
        (("primary", "400"), ("base", "900")),
        (("base", "500"), ("base", "100")),  # quiet text
        (("base", "400"), ("base", "800")),
    ],
)
def test_text_has_enough_contrast_for_every_hue(text, ground):
    for hue in range(360):
        colors = palette(hue)
        behind = ground if ground == "white" else colors[ground[0]][ground[1]]
        ratio = contrast(colors[text[0]][text[1]], behind)
        assert ratio >= 4.5, f"hue {hue}: {ratio:.2f}"


def test_each_call_gives_new_dictionaries_since_unfold_writes_into_them():
    first = palette(10)
    first["primary"]["600"] = "rgb(0, 0, 0)"
    assert palette(10)["primary"]["600"].startswith("oklch")


@pytest.mark.parametrize(
    ("name", "letters"), [("Acme Corporation", "AC"), ("Acme", "A"), ("  – & Söhne", "S"), ("", "?")]
)
def test_initials_stand_for_an_organisation(name, letters):
    assert initials(name) == letters
