"""django-allauth's views in our dress."""

from collections.abc import Callable
from typing import Any

from allauth.account.utils import get_next_redirect_url
from django.db import transaction
from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from accounts import audit, letters
from accounts.hashing import beside_pages


class Page:
    """By GET, HEAD and POST only; what a form does and the letter about it are one transaction."""

    letter = ""  # the kind that tells of it, where allauth's own call would come too late
    action = ""  # what the audit log calls it, if not by the letter's kind
    for_crowds = False  # anybody may send it, and each time it costs a hash

    @classmethod
    def as_view(cls: Any, **attributes: Any) -> Callable[..., Any]:
        """Other methods are refused before anything else is asked."""
        methods = ["GET", "HEAD", *(["POST"] if hasattr(cls, "post") else [])]
        view = super().as_view(**attributes)
        return require_http_methods(methods)(beside_pages(view) if cls.for_crowds else view)

    def get_context_data(self: Any, **kwargs: Any) -> dict[str, Any]:
        """Where the person was going is kept in the form, if that is here."""
        context = super().get_context_data(**kwargs)
        if context.get("redirect_field") and not get_next_redirect_url(self.request):
            context["redirect_field"] = ""
        return context

    @transaction.atomic
    def form_valid(self: Any, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        if self.letter:
            letters.tell(self.letter, self.request.user, self.request)
        if action := self.action or self.letter:
            audit.record(action, self.request)
        return response
