"""What support staff see of the outbox: which letters went out, and which did not and why."""

from typing import Any

import django_tasks_db.admin  # noqa: F401 - what it registers is in English only
from django.contrib import admin
from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_tasks_db.models import DBTaskResult

from cabinet import days
from cabinet.letters import KINDS
from cabinet.models import Letter

admin.site.unregister(DBTaskResult)

MOST = 1_000  # rows that are counted and paged through at once: to count more would read them all
AFTER = "after"  # the key after which the rows of a page come


class FirstPages(Paginator):
    """Pages of the first rows."""

    @cached_property
    def count(self) -> int:
        return self.object_list[:MOST].count()  # type: ignore[attr-defined]


class Thousands(ChangeList):
    """A thousand rows at a time in the order of their key; `onward` leads to the next ones.

    The key is what the admin orders by: a column that is an index of its own.
    """

    onward = ""

    def get_filters_params(self, params: Any = None) -> Any:
        found = super().get_filters_params(params)
        found.pop(AFTER, None)
        return found

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> Any:
        rows = super().get_queryset(request, exclude_parameters)
        try:
            after = self._key.to_python(self.params.get(AFTER))
        except ValidationError:
            return rows
        if after is None:
            return rows
        return rows.filter(**{f"{self._key.name}__{'lt' if self._falls else 'gt'}": after})

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if self.result_count == MOST:
            last = self.queryset.values_list(self._key.name, flat=True)[MOST - 1]
            self.onward = self.get_query_string({AFTER: last}, remove=[PAGE_VAR])

    @property
    def _order(self) -> str:
        (column,) = self.model_admin.ordering or ("-pk",)
        return str(column)

    @property
    def _falls(self) -> bool:
        return self._order.startswith("-")

    @property
    def _key(self) -> Any:
        name = self._order.removeprefix("-")
        return self.lookup_opts.pk if name == "pk" else self.lookup_opts.get_field(name)


class OfMany(admin.ModelAdmin):
    """What an admin of very many rows shows of them: the first pages, in one order."""

    sortable_by = ()
    list_per_page = 50
    paginator = FirstPages
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER


class LetterAdmin(OfMany):
    """No bodies: while a letter waits, they hold links that let people in.

    Registered by `accounts`, which notes who looks.
    """

    list_display = (
        "subject",
        "recipient",
        "what",
        "state",
        "attempts",
        "reason",
        "written",
        "done",
    )
    list_filter = ("state",)
    search_fields = ("recipient",)  # there is a box to type in; `get_search_results` says the rest
    search_help_text = _("The whole e-mail address that the letter went to.")
    fields = (*list_display, "due_at", "language", "message_id")
    ordering = ("-pk",)

    @admin.display(description=_("kind"))
    def what(self, letter: Letter) -> str:
        return str(KINDS.get(letter.kind, ""))

    @admin.display(description=_("last error"))
    def reason(self, letter: Letter) -> str:
        """In the reader's language when it is of ours, else in the mail server's words."""
        return gettext(letter.last_error) if letter.last_error else ""

    @admin.display(description=_("written at"))
    def written(self, letter: Letter) -> str:
        return days.moment(letter.created_at)

    @admin.display(description=_("done at"))
    def done(self, letter: Letter) -> str:
        return days.moment(letter.done_at) if letter.done_at else ""

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("text", "html", "headers")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return Thousands

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        if address := search_term.strip():
            queryset = queryset.to([address])
        return queryset, False
