"""The organisations' admin site: every page that an organisation's staff work in."""

from unfold.sites import UnfoldAdminSite


class OrganizationAdminSite(UnfoldAdminSite):
    settings_name = "UNFOLD_ORGANIZATION"

    def __init__(self, name: str = "organization") -> None:
        super().__init__(name)
