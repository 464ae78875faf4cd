"""Kinds of applications and answer templates, kept by supervisors."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from cabinet.jinja import yes_no
from support.models import AnswerTemplate, Field, Kind
from support.text_admin import TextAdmin, TextForm


class KindForm(TextForm):
    """What a kind asks is ticked."""

    fields = forms.MultipleChoiceField(  # type: ignore[assignment]
        label=_("What it asks"),
        choices=Field,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Kind
        exclude: tuple[str, ...] = ()
        widgets = dict.fromkeys(("help_kk", "help_ru"), forms.Textarea(attrs={"rows": 3}))


@admin.register(Kind)
class KindAdmin(TextAdmin):
    """In the order in which residents see them; none is deleted, since applications are of it."""

    form = KindForm
    list_display = ("place", "code", "name_kk", "name_ru", "days", "working", "offered")
    list_display_links = ("code",)
    fields = (
        *("code", "place", "is_offered", "name_kk", "name_ru", "help_kk", "help_ru", "fields"),
        *("attachments", "needs_account", "days", "in_working_days"),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Other pages lead to kinds by their codes."""
        return ("code",) if obj else ()

    @admin.display(description=_("working days"))
    def working(self, kind: Kind) -> str:
        return yes_no(kind.in_working_days)

    @admin.display(description=_("can be chosen"))
    def offered(self, kind: Kind) -> str:
        return yes_no(kind.is_offered)


class TemplateForm(TextForm):
    class Meta:
        widgets = dict.fromkeys(("text_kk", "text_ru"), forms.Textarea(attrs={"rows": 6}))


@admin.register(AnswerTemplate)
class AnswerTemplateAdmin(TextAdmin):
    """What staff begin answers with."""

    form = TemplateForm
    list_display = ("name", "text_kk", "text_ru")
    fields = ("name", "text_kk", "text_ru")
