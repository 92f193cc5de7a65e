"""What the CRM adds to the kernel: the permissions of its kinds, and what a new organisation starts with."""

from typing import Any

from django.dispatch import receiver

from crm import selectors  # noqa: F401 - says how each kind is searched
from crm.deals.services import create_default_pipeline
from tenants.accounts import roles
from tenants.organizations.signals import organization_created

KINDS = ("contact", "company", "lead", "deal")


def _codes(verbs: tuple[str, ...], kinds: tuple[str, ...] = KINDS) -> list[str]:
    return [f"crm.{verb}_{kind}" for verb in verbs for kind in kinds]


_SETUP = _codes(("view", "add", "change", "delete"), ("pipeline", "stage"))
roles.grant_built_in(_codes(("view",), (*KINDS, "tag", "pipeline", "stage")), *roles.BUILT_IN_NAMES)
roles.grant_built_in(
    _codes(("add", "change", "delete", "import", "export", "bulk"))
    + _codes(("add", "change", "delete"), ("tag",))
    + _codes(("view", "add", "change"), ("import",)),
    roles.OPERATIONS,
)
roles.grant_built_in(
    _codes(("add", "change", "import", "export"), ("contact", "lead"))
    + _codes(("add", "change"), ("tag",))
    + _codes(("view", "add", "change"), ("import",)),
    roles.MARKETING,
)
roles.grant_built_in([*_codes(("export",), ("contact", "lead")), "crm.view_import"], roles.COMPLIANCE)
roles.grant_built_in(_SETUP)


@receiver(organization_created, dispatch_uid="crm.default_pipeline")
def _start_with_a_pipeline(sender: Any, **_: Any) -> None:
    create_default_pipeline()
