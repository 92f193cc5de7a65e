"""The list of a kind in the admin: keyset pages, estimated counts, no COUNT, no DISTINCT, no OFFSET."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ORDER_VAR, SEARCH_VAR
from django.core.exceptions import FieldError, ValidationError
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext
from unfold.views import ChangeList

from crm.records import rows, search
from crm.records.estimates import approximate, estimate, estimate_live
from crm.records.keyset import AFTER, BEFORE, NEWEST, Order, Page, Position, page
from tenants.keys.errors import MIN_FRAGMENT

SIZE_VAR, TRASH_VAR = "size", "trash"
SIZES = (25, 50, 100)
OWN_PARAMS = (AFTER, BEFORE, SIZE_VAR, TRASH_VAR)


@dataclass(frozen=True)
class Chip:
    """An active filter above the list, with the address of the list without it."""

    title: str
    label: str
    remove_url: str


class KeysetChangeList(ChangeList):  # type: ignore[misc]
    """Django's list page, reading as :mod:`crm.records.keyset` does. The address holds the whole state."""

    bounded = False

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        self.position = Position.of(request.GET)
        self.trashed = is_trash(request)
        super().__init__(request, *args, **kwargs)
        self.title = self.model_admin.list_title(trashed=self.trashed)

    # --- What is asked -------------------------------------------------------------------------------------
    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        found: dict[str, Any] = super().get_filters_params(params)
        return {name: value for name, value in found.items() if name not in OWN_PARAMS}

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> Any:
        """All rows of the filters, without order, limit and search: actions narrow it to what is selected."""
        # A link to another order or filter begins at the first page.
        for name in (AFTER, BEFORE):
            self.params.pop(name, None)
            self.filter_params.pop(name, None)
        self.filter_specs, self.has_filters, remaining, _many, self.has_active_filters = self.get_filters(
            request
        )
        queryset = self.root_queryset
        for spec in self.filter_specs:
            queryset = spec.queryset(request, queryset)
        try:
            queryset = queryset.filter(**{name: values[-1] for name, values in remaining.items()})
        except (FieldError, ValidationError, ValueError) as problem:
            raise IncorrectLookupParameters from problem
        self.clear_all_filters_qs = self.get_query_string(remove=self.get_filters_params())
        return queryset

    @cached_property
    def order(self) -> Order:
        """The order that the address names, by the column that was clicked; without one, newest first."""
        if self.trashed:
            return Order(("deleted_at", "id"))
        if self.query:
            return NEWEST
        chosen = self._chosen_column()
        if chosen is None:
            return NEWEST
        column, descending = chosen
        orders: dict[str, Order] = self.model_admin.orders
        known = orders.get(self.get_ordering_field(self.list_display[column]) or "")
        return Order(known.columns, descending, known.nullable) if known else NEWEST

    def _chosen_column(self) -> tuple[int, bool] | None:
        first = str(self.params.get(ORDER_VAR, "")).partition(".")[0]
        number = first.removeprefix("-")
        if not number.isdecimal() or not 0 <= int(number) < len(self.list_display):
            return None
        return int(number), first.startswith("-")

    def get_ordering_field_columns(self) -> dict[int, str]:
        """For the table's head: the one column that the list is ordered by."""
        if self.query or self.trashed:
            return {}
        chosen = self._chosen_column()
        return {} if chosen is None else {chosen[0]: "desc" if chosen[1] else "asc"}

    # --- What is found -------------------------------------------------------------------------------------
    def get_results(self, request: HttpRequest) -> None:
        size = self._size(request)
        found = self._search(size) if self.query else self._page(size)
        self.page = found
        self.result_list = self.model_admin.prepare_rows(list(found.rows))
        self.list_per_page = size
        self.formset = None
        self.multi_page = self.can_show_all = False
        self.show_full_result_count = False
        self.full_result_count = None
        self.show_admin_actions = True
        self.result_count = len(self.result_list)
        self.paginator = None

    def _size(self, request: HttpRequest) -> int:
        asked = request.GET.get(SIZE_VAR, "")
        return int(asked) if asked in map(str, SIZES) else int(self.list_per_page)

    def _rows(self, queryset: Any) -> Any:
        return self.model_admin.list_queryset(queryset)

    def _page(self, size: int) -> Page:
        return page(self._rows(self.queryset), self.order, self.position, size)

    def _search(self, size: int) -> Page:
        """A page of what the fragment finds, newest first."""
        position = self.position
        queryset = self.queryset
        if position.row_id is not None:
            queryset = queryset.filter(**{f"pk__{'gt' if position.backwards else 'lt'}": position.row_id})
        found = search.search(queryset, self.query, limit=size + 1, ascending=position.backwards)
        self.bounded = found.bounded
        more = len(found.ids) > size
        if position.backwards and not more:
            self.position = Position()
            return self._search(size)
        ids = found.ids[:size]
        found_rows = self._rows(self.root_queryset.filter(pk__in=ids)).order_by("-id")
        return Page(
            list(found_rows),
            has_previous=more if position.backwards else position.row_id is not None,
            has_next=more or position.backwards,
        )

    # --- What the page says --------------------------------------------------------------------------------
    @cached_property
    def count_text(self) -> str:
        """How many rows there are: exactly where one page holds them, else about."""
        if not (self.page.has_previous or self.page.has_next):
            count = len(self.result_list)
            return ngettext("%(count)s record", "%(count)s records", count) % {"count": number_format(count)}
        if self.query:
            return gettext("more than one page")
        everything = not (self.has_active_filters or self.trashed)
        count = (estimate_live(self.model) if everything else None) or estimate(self.queryset)
        return gettext("%(about)s records") % {"about": approximate(max(count, self.list_per_page))}

    def can_order_by(self, name: str) -> bool:
        """Whether an index gives the order of the column ``name`` here."""
        if self.query or self.trashed or (self.sortable_by is not None and name not in self.sortable_by):
            return False
        return (self.get_ordering_field(name) or "") in self.model_admin.orders

    def heads(self) -> Iterator[rows.Head]:
        return rows.heads(self)

    def lines(self) -> Iterator[str]:
        return rows.lines(self)

    @property
    def first_url(self) -> str:
        return str(self.get_query_string())

    @property
    def previous_url(self) -> str:
        return (
            str(self.get_query_string({BEFORE: self.result_list[0].pk.hex})) if self.page.has_previous else ""
        )

    @property
    def next_url(self) -> str:
        return str(self.get_query_string({AFTER: self.result_list[-1].pk.hex})) if self.page.has_next else ""

    @property
    def sizes(self) -> list[tuple[int, str]]:
        return [(size, str(self.get_query_string({SIZE_VAR: size}))) for size in SIZES]

    @cached_property
    def chips(self) -> list[Chip]:
        """The active filters and the search."""
        found = []
        if self.query:
            url = self.get_query_string(remove=[SEARCH_VAR])
            found.append(Chip(gettext("Search"), self.query, str(url)))
        for spec in self.filter_specs:
            if label := spec.active_label():
                url = self.get_query_string(dict.fromkeys(spec.expected_parameters()))
                found.append(Chip(str(spec.title), label, str(url)))
        return found

    @property
    def clear_url(self) -> str:
        """The list without filters and search."""
        return f"?{TRASH_VAR}=1" if self.trashed else "?"

    @property
    def search_hint(self) -> str:
        """What to know about the words that were typed; "" for nothing."""
        if self.query and search.has_short_word(self.query):
            return gettext("Fewer than %(count)d characters are only found at the beginning of a name.") % {
                "count": MIN_FRAGMENT
            }
        if self.bounded:
            return gettext("Very many records match one of the words. Type more letters to find the others.")
        return ""


def is_trash(request: HttpRequest) -> bool:
    """Whether the address asks for the trash of a kind."""
    return TRASH_VAR in request.GET
