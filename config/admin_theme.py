"""How the two admin sites look: Unfold's settings, and the colours that an organisation's hue gives.

Colours are OKLCH with the same lightness for every hue, so that contrast does not depend on the choice of an
organisation: white on ``primary-600`` and ``primary-600`` on white are at least 4.5 : 1 (WCAG 2.2, 1.4.3),
as is ``primary-500`` on the dark background. ``tests/config/test_admin_theme.py`` computes all 360.
"""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

PRODUCT = "SoftswitchCRM"
PLATFORM_HUE = 230
# Lightness and chroma of each weight, after Tailwind's scale.
_PRIMARY = {
    "50": (97.5, 0.012),
    "100": (94.5, 0.028),
    "200": (90, 0.05),
    "300": (82, 0.085),
    "400": (74, 0.11),
    "500": (67, 0.12),
    "600": (51, 0.12),
    "700": (44, 0.105),
    "800": (38, 0.09),
    "900": (32, 0.07),
    "950": (25, 0.05),
}
_BASE = {
    "50": (98.5, 0.002),
    "100": (96.7, 0.003),
    "200": (92.8, 0.006),
    "300": (87.2, 0.01),
    "400": (72.5, 0.02),
    "500": (51.5, 0.025),
    "600": (44.6, 0.03),
    "700": (37.3, 0.032),
    "800": (27.8, 0.03),
    "900": (20.5, 0.028),
    "950": (14, 0.025),
}
BASE_HUE = 262


def palette(hue: int) -> dict[str, dict[str, str]]:
    """Unfold's COLORS for a hue of 0 to 359; new dictionaries each time, since Unfold writes into them."""
    return {
        "base": {weight: f"oklch({light}% {chroma} {BASE_HUE})" for weight, (light, chroma) in _BASE.items()},
        "primary": {
            weight: f"oklch({light}% {chroma} {hue})" for weight, (light, chroma) in _PRIMARY.items()
        },
        "font": {
            "subtle-light": "var(--color-base-500)",
            "subtle-dark": "var(--color-base-400)",
            "default-light": "var(--color-base-600)",
            "default-dark": "var(--color-base-300)",
            "important-light": "var(--color-base-900)",
            "important-dark": "var(--color-base-100)",
        },
    }


def initials(name: str) -> str:
    """One or two letters that stand for an organisation: "Acme Werke" is AW, "Acme" is A."""
    words = [word for word in name.split() if word[0].isalnum()]
    return "".join(word[0] for word in words[:2]).upper() or "?"


def organization_colors(request: HttpRequest) -> dict[str, dict[str, str]]:
    return palette(_organization(request).hue)


def platform_colors(request: HttpRequest) -> dict[str, dict[str, str]]:
    return palette(PLATFORM_HUE)


def organization_name(request: HttpRequest) -> str:
    return str(_organization(request).name)


def environment(request: HttpRequest) -> tuple[str, str] | None:
    """The badge that tells a trial from the real thing; none in production."""
    badges = {
        "demo": (gettext("Demo"), "info"),
        "test": (gettext("Test"), "warning"),
        "staging": (gettext("Staging"), "warning"),
    }
    return badges.get(settings.ENVIRONMENT)


def styles(name: str) -> Any:
    return lambda request: static(f"config/{name}")


def _organization(request: HttpRequest) -> Any:
    return request.tenant  # type: ignore[attr-defined]


_BOTH: dict[str, Any] = {
    "SITE_TITLE": PRODUCT,
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "6px",
    "ENVIRONMENT": "config.admin_theme.environment",
    "SITE_URL": None,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": styles("icon.svg")}],
    "STYLES": [styles("admin.css")],
    "SCRIPTS": [styles("admin.js")],
    "COMMAND": {"search_models": False, "show_history": False},
}
ORGANIZATION_UNFOLD: dict[str, Any] = {
    **_BOTH,
    "SITE_HEADER": organization_name,
    "SITE_SUBHEADER": PRODUCT,
    "COLORS": organization_colors,
    "SIDEBAR": {"show_search": True, "navigation": "config.navigation.organization_sidebar"},
    "ACCOUNT": {"navigation": "config.navigation.account_links"},
}
PLATFORM_UNFOLD: dict[str, Any] = {
    **_BOTH,
    "SITE_HEADER": PRODUCT,
    "SITE_SUBHEADER": _("Platform"),
    "SITE_SYMBOL": "dns",
    "COLORS": platform_colors,
    "SIDEBAR": {"show_search": True, "navigation": "config.navigation.platform_sidebar"},
    "ACCOUNT": {"navigation": "config.navigation.account_links"},
}
