"""What somebody sent from a form after the session had ended: kept for an hour, to be sent anew.

It stays on the server, in the cache, whose clock takes it away whatever becomes of the session;
only the session of this browser knows where. Nothing here ever sends it: whoever has signed in
looks at it and presses a button. Passwords, codes and files are not kept.
"""

import datetime as dt
import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from allauth.core.internal import ratelimit
from django import forms
from django.core.cache import cache
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.urls import Resolver404, ResolverMatch, resolve, reverse
from django.utils.functional import cached_property
from django.utils.http import escape_leading_slashes
from django.utils.translation import gettext

from accounts import devices
from cabinet import days

SECONDS = 60 * 60
LARGEST = 64 << 10  # bytes of what is kept for one session
LARGEST_BODY = 64 << 20  # bytes that are read at all, files among them
LIMITS = {"kept_input": "10/m/ip,60/h/ip"}
IN_SESSION = "kept_input"
SECRET = re.compile(r"password|secret|token|credential|^code$")
PART = re.compile(r"_[0-9]$")  # of a field in several parts, as the admin's of moments
UNREADABLE = (BadRequest, SuspiciousOperation, MultiPartParserError, UnreadablePostError)

Fields = Mapping[str, forms.Field]


@dataclass(frozen=True)
class Form:
    """A form whose input is worth keeping: its fields, by what stands in its URL.

    `unsent` is what takes the place of its buttons when files are missing, so that the form is
    filled in again rather than sent; None leaves a button out.
    """

    fields: Callable[[Mapping[str, Any]], Fields]
    unsent: Mapping[str, str | None] | None = None


def fields_of(made: Any) -> Form:
    """A form whose fields are always the same."""
    return Form(lambda about: made.base_fields)


# By the names of their views; the apps add theirs when they are ready.
FORMS: dict[str, Form] = {}


@dataclass(frozen=True)
class Input:
    """What was typed, and where it was going."""

    path: str
    page: str  # that the form is on
    values: list[tuple[str, str]]
    left_out: bool  # a password or a code
    files: bool
    owner: int | None = None  # whose session it was, if that is known

    @property
    def form(self) -> Form:
        return _form(_match(self.path)) or Form(lambda about: {})

    @property
    def to_send(self) -> list[tuple[str, str]]:
        """Names and values; with files missing, what fills the form in again, if it can be."""
        unsent = self.form.unsent if self.files else None
        if not unsent:
            return self.values
        added = [(name, value) for name, value in unsent.items() if value is not None]
        return [(name, value) for name, value in self.values if name not in unsent] + added

    @property
    def is_filled_in_again(self) -> bool:
        """Whether the button leads back to the form rather than sends it."""
        return self.files and self.form.unsent is not None

    @cached_property
    def typed(self) -> list[tuple[str, forms.Field, list[str]]]:
        """What a person has typed and chosen: name, field and values."""
        match = _match(self.path)
        fields = self.form.fields(match.kwargs) if match else {}
        typed: dict[str, list[str]] = {}
        for name, value in self.values:
            name = PART.sub("", name)
            if name in fields and value.strip() and not fields[name].widget.is_hidden:
                typed.setdefault(name, []).append(value)
        return [(name, fields[name], values) for name, values in typed.items()]

    @property
    def shown(self) -> list[tuple[str, str]]:
        """The same as a person reads it, by the fields' labels, in the language in force."""
        return [
            (str(field.label or name), ", ".join(_said(field, value) for value in values))
            for name, field, values in self.typed
        ]

    def may_be_shown(self, user: Any) -> bool:
        """To whom it was, if that is known; what staff have typed to staff alone."""
        is_of_staff = self.path.startswith(reverse("admin:index"))
        return self.owner in (None, user.pk) and (user.is_staff or not is_of_staff)


def is_from_here(request: HttpRequest) -> bool:
    """Whether a page of ours sent it, by what the browser says and no page can change."""
    said = request.headers.get("Origin") or _origin(request.headers.get("Referer", ""))
    return said == f"{request.scheme}://{request.get_host()}"


def page_of(request: HttpRequest) -> str:
    """Where the form stood that was sent, if that is a page of ours; else where it was going."""
    parts = urlsplit(request.headers.get("Referer", ""))
    if _match(parts.path) is None:
        return request.get_full_path()
    path = escape_leading_slashes(parts.path)
    return f"{path}?{parts.query}" if parts.query else path


def read(request: HttpRequest) -> Input | None:
    """What a form of those that are known has sent; None where nobody has typed anything."""
    if request.resolver_match is None or _form(request.resolver_match) is None:
        return None
    if not hasattr(request, "_files"):
        request.upload_handlers = [_PastFiles(request)]
    try:
        posted = request.POST
    except UNREADABLE:
        return None
    every = [(name, value) for name in posted for value in posted.getlist(name)]
    kept = [(name, value) for name, value in every if not SECRET.search(name)]
    secret = [name for name, value in every if value and SECRET.search(name)]
    found = Input(
        path=request.get_full_path(),
        page=page_of(request),
        values=kept,
        left_out=any(name != "csrfmiddlewaretoken" for name in secret),
        files=bool(request.FILES) or getattr(request, "had_files", False),
        owner=getattr(request, "session_was_of", None) or devices.last(request),
    )
    return found if found.typed else None


def keep(request: HttpRequest) -> bool | None:
    """Keeps it in place of what was kept before; False when it is too much, None for nothing."""
    if not is_from_here(request) or _form(request.resolver_match) is None:
        return None
    usage = ratelimit.consume(request, app="accounts", action="kept_input", config=LIMITS)
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not usage or not length.isdecimal() or int(length) > LARGEST_BODY:
        return False
    found = read(request)
    if found is None:
        return False if int(length) > LARGEST else None
    written = json.dumps(asdict(found), ensure_ascii=False)
    if len(written.encode()) > LARGEST:
        return False
    forget(request)
    key = f"kept_input:{secrets.token_urlsafe(24)}"
    cache.set(key, written, SECONDS)
    request.session[IN_SESSION] = {"key": key, "path": found.path}
    return True


def of(request: HttpRequest) -> Input | None:
    """What is kept for whoever has signed in; what another has typed is dropped."""
    held = request.session.get(IN_SESSION)
    written = cache.get(held["key"]) if held else None
    if not written:
        return None
    given = json.loads(written)
    found = Input(**{**given, "values": [(name, value) for name, value in given["values"]]})
    if not found.may_be_shown(request.user):
        forget(request)
        return None
    return found


def note_sent(request: HttpRequest) -> None:
    """What was kept for that path is being sent."""
    held = request.session.get(IN_SESSION)
    if held and held["path"] == request.get_full_path():
        forget(request)


def forget(request: HttpRequest) -> None:
    """Nothing is kept any more."""
    if held := request.session.pop(IN_SESSION, None):
        cache.delete(held["key"])


class _PastFiles(FileUploadHandler):
    """Files are read past; that there were some is noted."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        self.request.had_files = True  # type: ignore[union-attr]
        raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        return None

    def file_complete(self, file_size: int) -> None:
        return None


def _form(match: ResolverMatch | None) -> Form | None:
    """The known form behind a URL; those of the admin are known by their models."""
    if match is None:
        return None
    admin = getattr(match.func, "model_admin", None)
    if admin and (match.url_name or "").endswith(("_add", "_change")):
        return Form(lambda about: forms.fields_for_model(admin.model))
    return FORMS.get(match.view_name)


def _match(path: str) -> ResolverMatch | None:
    """The view that a path of ours leads to."""
    try:
        return resolve(unquote(path.partition("?")[0]))
    except (Resolver404, ValueError):
        return None


def _said(field: forms.Field, value: str) -> str:
    """As a person reads it."""
    if isinstance(field, forms.BooleanField):
        return gettext("yes")
    if isinstance(field, forms.ModelMultipleChoiceField):
        return value
    if isinstance(field, forms.DateField | forms.ModelChoiceField):
        try:
            read = field.to_python(value)
        except (forms.ValidationError, TypeError):
            return value
        return days.day(read) if isinstance(read, dt.date) else str(read)
    choices = {str(code): str(label) for code, label in getattr(field, "choices", ())}
    return choices.get(value, value)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
