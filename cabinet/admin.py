"""What support staff see of the outbox: which letters went out, and which did not and why."""

from typing import Any

import django_tasks_db.admin  # noqa: F401 - what it registers is in English only
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
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

MOST = 1_000  # letters that can be paged through: to count more would read all of them


class FirstPages(Paginator):
    """Pages of the newest letters."""

    @cached_property
    def count(self) -> int:
        return self.object_list[:MOST].count()  # type: ignore[attr-defined]


class NewestLetters(ChangeList):
    """The newest letters; `more` tells that there are others."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.more = self.result_count == MOST


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
        return NewestLetters

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        if address := search_term.strip():
            queryset = queryset.to([address])
        return queryset, False
