"""The admin of support staff: who is let in, what each group may do, and that looks are noted."""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin
from django.core.exceptions import BadRequest
from django.db import transaction
from django.db.models import ForeignKey, Model
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from accounts import audit, steps
from accounts.models import User

LONGEST_SEARCH = 200  # of what is searched for, in the audit log

# What other apps show of a user on the user's page in the admin, and what they unlock with it.
USER_PARTS: list[Callable[[HttpRequest, User], SafeString]] = []
# What they show on the admin's start page, to whoever may see it; empty for others.
START_PARTS: list[Callable[[HttpRequest], SafeString | str]] = []
UNLOCKS: list[Callable[[User], Any]] = []
# The codes and names of the branches that staff may work at.
BRANCHES: list[Callable[[], list[tuple[str, str]]]] = []


class Site(admin.AdminSite):
    """Only for staff whose session has shown a second step (OWASP ASVS 6.3.3)."""

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and steps.second_passed(request)

    def index(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """With what waits for whoever looks."""
        parts = [shown for part in START_PARTS if (shown := part(request))]
        return super().index(request, {**(extra_context or {}), "parts": parts})

    def autocomplete_view(self, request: HttpRequest) -> Any:
        """Nothing here is chosen so, and what it found would be a look that nobody notes."""
        raise Http404


class ReadOnly(admin.ModelAdmin):
    """What staff look at and do not change; each look is in the audit log, together with it."""

    searched = ""  # the action of searching
    looked = ""  # the action of looking at one

    def concerns(self, shown: Any) -> dict[str, Any]:
        """Whom a look at this object concerns, as `audit.record` wants it."""
        return {}

    def beside(self, request: HttpRequest, shown: Any) -> dict[str, Any]:
        """What an object's page shows besides its fields, to whoever may see it."""
        return {}

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        """Only what `list_filter` offers: Django would let any column be guessed letter by letter,
        hashes of passwords and the links of letters too.
        """
        offered = {getattr(each, "parameter_name", each) for each in self.list_filter}
        column, _between, key = lookup.removesuffix("__exact").partition("__")
        return column in offered and key in ("", self._key_of(column))

    def _key_of(self, column: str) -> str:
        """By which column of another table Django's own filter asks for a row of it."""
        field = {each.name: each for each in self.opts.concrete_fields}.get(column)
        return field.target_field.name if isinstance(field, ForeignKey) else ""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if any("\0" in text for item in request.GET.lists() for text in (item[0], *item[1])):
            raise BadRequest
        with transaction.atomic():
            response = super().changelist_view(request, extra_context)
            if self.searched and response.status_code == 200:
                about: dict[str, Any] = {}
                if request.GET:
                    about["sought"] = {
                        key: " ".join(" ".join(values).split())[:LONGEST_SEARCH]
                        for key, values in request.GET.lists()
                    }
                audit.record(self.searched, request, **about)
        return response

    def render_change_form(
        self,
        request: HttpRequest,
        context: Any,
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        """Of an object that may be seen."""
        context |= self.beside(request, obj)
        if self.looked:
            audit.record(self.looked, request, **self.concerns(obj))
        return super().render_change_form(request, context, add, change, form_url, obj)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """The audit log has it all; Django's own is not kept."""
        raise Http404

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        return None

    log_change = log_addition


def page_context(
    request: HttpRequest, model: type[Model], title: Any, **more: Any
) -> dict[str, Any]:
    """What a page of our own in the admin, about that model, is rendered with."""
    return {**admin.site.each_context(request), "opts": model._meta, "title": title, **more}


def granted(rights: dict[str, Iterable[tuple[str, str, str]]]) -> Callable[[Any, Any], None]:
    """For a migration: gives groups rights on (app, model, codename), and makes what is missing.

    A right that the migration's own run would only make at its end is made at once.
    """

    def grant(apps: Any, schema_editor: Any) -> None:
        using = schema_editor.connection.alias
        kinds = apps.get_model("contenttypes", "ContentType").objects.using(using)
        permissions = apps.get_model("auth", "Permission").objects.using(using)
        for name, wanted in rights.items():
            group, _made = (
                apps.get_model("auth", "Group").objects.using(using).get_or_create(name=name)
            )
            for app, model, codename in wanted:
                kind, _made = kinds.get_or_create(app_label=app, model=model)
                right, _made = permissions.get_or_create(
                    content_type=kind, codename=codename, defaults={"name": codename}
                )
                group.permissions.add(right)

    return grant
