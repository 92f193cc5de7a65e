"""Short lists of related records on a record's page: the newest few, and the way to all of them."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from crm.records.trash import list_url

SHOWN = 10


@dataclass(frozen=True)
class RelatedList:
    """``rows`` are (record, text beside its name)."""

    title: str
    rows: list[tuple[Any, str]]
    all_url: str
    add_url: str
    view_name: str


def related_list(
    model_admin: Any, request: HttpRequest, model: type[Any], *, by: str, record: Any, beside: Any
) -> RelatedList | None:
    """The newest records of ``model`` whose foreign key ``by`` is ``record``; None for who may not see them.
    ``beside`` gives the text beside a name."""
    other = model_admin.admin_site.get_model_admin(model)
    if not other.has_view_permission(request):
        return None
    rows = other.list_queryset(model.objects.filter(**{by: record}).order_by("-id"))[:SHOWN]
    url = list_url(other)
    site, kind = model_admin.admin_site.name, f"{model._meta.app_label}_{model._meta.model_name}"
    return RelatedList(
        title=str(model._meta.verbose_name_plural),
        rows=[(row, beside(row)) for row in rows],
        all_url=f"{url}?{by}={record.pk}",
        add_url=f"{url}add/?{by}={record.pk}" if other.has_add_permission(request) else "",
        view_name=f"{site}:{kind}_change",
    )
