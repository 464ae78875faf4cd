"""Texts that supervisors edit: announcements, help pages, notices of branches; others see them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models, transaction
from django.forms.renderers import DjangoTemplates
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.staff import ReadOnly
from cabinet import days, memory
from cabinet.jinja import yes_no
from support import help_texts
from support.models import Announcement, BranchNotice, HelpPage

ALMATY = _("Almaty time.")
FORM = _(
    "Plain text. A blank line begins a paragraph; lines that begin with “- ” are items of a list; "
    "a link to a page of the cabinet is written [text](address), its address from the first slash "
    "after the site’s name on."
)

SHORT = forms.Textarea({"rows": 3, "class": "vLargeTextField"})


class TextForm(forms.ModelForm):
    """A text in both languages."""

    default_renderer = DjangoTemplates()  # as all of the admin


class AnnouncementForm(TextForm):
    class Meta:
        widgets = dict.fromkeys(("text_kk", "text_ru"), SHORT)
        help_texts = dict.fromkeys(("shown_from", "shown_until"), ALMATY)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        begin, end = cleaned.get("shown_from"), cleaned.get("shown_until")
        if begin and end and begin >= end:
            self.add_error("shown_until", _("Choose a time after the beginning."))
        return cleaned


class HelpPageForm(TextForm):
    class Meta:
        help_texts = {
            "code": _("Stands in the page’s address: Latin letters, digits and hyphens."),
            **dict.fromkeys(("answer_kk", "answer_ru"), FORM),
        }

    def clean_answer_kk(self) -> str:
        return _with_good_links(self.cleaned_data["answer_kk"])

    def clean_answer_ru(self) -> str:
        return _with_good_links(self.cleaned_data["answer_ru"])


def _with_good_links(answer: str) -> str:
    if lost := [path for path in help_texts.paths(answer) if not help_texts.leads(path)]:
        message = _("There is no page at: %(paths)s")
        raise forms.ValidationError(message, params={"paths": ", ".join(lost)})
    return answer


class NoticeForm(TextForm):
    class Meta:
        widgets = dict.fromkeys(("text_kk", "text_ru"), SHORT)


class TextAdmin(ReadOnly):
    """Whoever has the rights adds, changes and deletes; each time it is in the audit log."""

    actions = None
    sortable_by = ()
    formfield_overrides = {
        models.DateTimeField: {
            "form_class": forms.DateTimeField,
            "widget": forms.DateTimeInput({"type": "datetime-local"}, "%Y-%m-%dT%H:%M"),
        }
    }

    def has_add_permission(self, request: HttpRequest) -> bool:
        return admin.ModelAdmin.has_add_permission(self, request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_change_permission(self, request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """As with Django's other entries: the audit log has it."""
        return None

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if form.changed_data:
            self._note(request, obj, "changed" if change else "added", fields=form.changed_data)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self._note(request, obj, "deleted")
        super().delete_model(request, obj)

    def _note(self, request: HttpRequest, text: Any, what: str, **about: Any) -> None:
        """In the transaction of Django's own view; after it, pages show the text anew."""
        name = str(self.opts.model_name)
        told: dict[str, Any] = {name: str(text.pk), "text": str(text), **about}
        audit.record(f"{name}_{what}", request, **told)
        transaction.on_commit(memory.forget)


@admin.register(Announcement)
class AnnouncementAdmin(TextAdmin):
    """Both languages as pages show them, the newest first."""

    form = AnnouncementForm
    list_display = ("state", "kind", "whom", "texts", "when")
    list_select_related = ("branch",)
    fields = ("kind", "branch", "text_kk", "text_ru", "shown_from", "shown_until")

    @admin.display(description=_("state"))
    def state(self, announcement: Announcement) -> str:
        if announcement.is_shown:
            return gettext("shown now")
        later = announcement.shown_from > timezone.now()
        return gettext("will be shown") if later else gettext("no longer shown")

    @admin.display(description=_("for whom"))
    def whom(self, announcement: Announcement) -> str:
        return str(announcement.branch.name) if announcement.branch else gettext("for everybody")

    @admin.display(description=_("text"))
    def texts(self, announcement: Announcement) -> str:
        lines = (announcement.text_kk,), (announcement.text_ru,)
        return format_html_join("", "<p>{}</p>", lines)

    @admin.display(description=_("shown"))
    def when(self, announcement: Announcement) -> str:
        begin, end = days.moment(announcement.shown_from), days.moment(announcement.shown_until)
        return f"{begin} – {end}"


@admin.register(HelpPage)
class HelpPageAdmin(TextAdmin):
    """In the order of the list, each with the way to its page."""

    form = HelpPageForm
    list_display = ("place", "section", "question", "shows", "leads")
    list_display_links = ("question",)
    heads = ("section_kk", "section_ru", "question_kk", "question_ru")
    edited = ("code", "place", "is_shown", *heads, "answer_kk", "answer_ru")
    told = ("code", "place", "shows", *heads, "in_kazakh", "in_russian")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        may_change = obj is None or self.has_change_permission(request, obj)
        return self.edited if may_change else self.told

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Addresses stay as they are."""
        return ("code",) if obj else ()

    @admin.display(description=_("section"))
    def section(self, page: HelpPage) -> str:
        return str(page.section)

    @admin.display(description=_("question"))
    def question(self, page: HelpPage) -> str:
        return str(page.question)

    @admin.display(description=_("shown"))
    def shows(self, page: HelpPage) -> str:
        return yes_no(page.is_shown)

    @admin.display(description=_("answer in Kazakh"))
    def in_kazakh(self, page: HelpPage) -> str:
        return _to_be_read(page.answer_kk, _("answer in Kazakh"))

    @admin.display(description=_("answer in Russian"))
    def in_russian(self, page: HelpPage) -> str:
        return _to_be_read(page.answer_ru, _("answer in Russian"))

    @admin.display(description=_("page"))
    def leads(self, page: HelpPage) -> str:
        path = reverse("support:help_page", args=[page.pk])
        return format_html('<a href="{}">{}</a>', path, path) if page.is_shown else "—"


def _to_be_read(text: str, name: Any) -> str:
    box = '<textarea class="vLargeTextField" rows="10" readonly aria-label="{}">{}</textarea>'
    return format_html(box, name, text)


@admin.register(BranchNotice)
class BranchNoticeAdmin(TextAdmin):
    """One of a branch at most, as the list of branches shows it."""

    form = NoticeForm
    list_display = ("branch", "text_kk", "text_ru")
    list_select_related = ("branch",)
    fields = ("branch", "text_kk", "text_ru")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("branch",) if obj else ()
