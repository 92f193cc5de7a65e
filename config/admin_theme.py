"""How the two admin sites look: Unfold's settings for the organisations' site and for the platform's."""

from typing import Any

ORGANIZATION_UNFOLD: dict[str, Any] = {"SITE_TITLE": "SoftswitchCRM", "SITE_HEADER": "SoftswitchCRM"}
PLATFORM_UNFOLD: dict[str, Any] = {"SITE_TITLE": "SoftswitchCRM", "SITE_HEADER": "SoftswitchCRM"}
