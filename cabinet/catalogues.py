"""The message catalogues: compiled, updated and checked on Babel, without a system gettext.

An entry whose reference is a module of a package (`django.core`) translates a message of that
package's own and is kept by hand; every other one is a message of ours, put there by `update()`.
"""

import os
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import Any

import django
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.apps import apps
from django.conf import settings
from django.utils.translation.template import templatize
from jinja2.ext import babel_extract

FOLDERS = ("cabinet", "accounts", "billing", "receipts", "support", "templates")
SKIPPED = {"tests", "migrations"}
PACKAGES = ("allauth", "django_tasks", "django_tasks_db")  # beside Django
UNUSED = {"headless", "idp", "socialaccount"}  # of allauth
TEMPLATES = {".html", ".txt", ".xml"}
KEYWORDS = DEFAULT_KEYWORDS | {
    "wording": None,  # of papers: receipts.words
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
# What means something in a templatized template: calls and comments.
CALL = re.compile(
    r"""(?<!\w)(?:n?p?gettext|_)\((?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^()"'])*\)|#.*"""
)
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[a-z]|\{\w*\}")
JINJA = {"trimmed": "true", "newstyle_gettext": "true"}
WIDTH = 99


def compile_all(root: Path | None = None) -> list[Path]:
    """Compile each .po whose .mo is not made from it as it stands; return those .mo files.

    A .mo bears the time of its .po: the two belong together as long as these are equal.
    """
    compiled = []
    for po in _files(root):
        mo = po.with_suffix(".mo")
        stamp = po.stat().st_mtime_ns
        if mo.exists() and mo.stat().st_mtime_ns == stamp:
            continue
        part = mo.with_suffix(f".{os.getpid()}.part")
        with part.open("wb") as file:
            write_mo(file, read(po))
        os.utime(part, ns=(stamp, stamp))
        part.replace(mo)
        compiled.append(mo)
    return compiled


def update(root: Path | None = None) -> list[Path]:
    """Bring the messages of ours in each django.po up to date; return the files that changed.

    Translations are kept, new messages come empty, unused ones go, packages' stay as they are.
    """
    ours = sorted(messages(root), key=lambda message: (_text(message), message.context or ""))
    changed = []
    for po in _files(root, name="django"):
        text = po.read_text("utf-8")
        old = read(po)
        new = Catalog()
        new.mime_headers = old.mime_headers  # for the number of plural forms
        for message in filter(_text, ours):
            before = old.get(message.id, message.context)
            if before and _of_package(before):
                continue
            message = message.clone()
            if before and before.pluralizable == message.pluralizable:
                message.string = before.string
                message.user_comments = before.user_comments
                message.flags |= before.flags & {"fuzzy"}
            new[message.id] = message
        for message in filter(_of_package, old):
            new[message.id] = message
        body = BytesIO()
        write_po(body, new, width=WIDTH, omit_header=True, include_lineno=False)
        header = text.partition("\n\n")[0]
        updated = f"{header}\n\n{body.getvalue().decode().rstrip()}\n"
        if updated != text:
            po.write_text(updated, "utf-8")
            changed.append(po)
    return changed


def problems(language: str, root: Path | None = None) -> list[str]:
    """What a language's catalogues lack or have wrong, a line for each; none if all is well."""
    return [
        f"{fault}: {message.context + ': ' if message.context else ''}{_text(message)}"
        for fault, message in _faults(language, root)
    ]


def messages(root: Path | None = None) -> Catalog:
    """The messages of the project's own Python files and templates, with the files' names."""
    root = root or settings.BASE_DIR
    found = Catalog()
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            name = path.relative_to(root)
            if SKIPPED.isdisjoint(name.parts) and (source := _source(path, name)) is not None:
                _collect(found, source, name.as_posix(), _is_jinja(name))
    return found


@cache
def package_messages() -> Catalog:
    """The messages in the Python files of PACKAGES, with the modules' names.

    That is all we show of them: their templates are replaced by ours.
    """
    found = Catalog()
    for package in PACKAGES:
        folder = Path(import_module(package).__path__[0])
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder.parent).with_suffix("").parts
            if (SKIPPED | UNUSED).isdisjoint(parts):
                _collect(found, path.read_bytes(), ".".join(parts))
    return found


def django_messages(language: str) -> dict[str, Catalog]:
    """Django's own catalogues of a language, by domain, for what of Django is installed."""
    folders = [Path(django.__file__).parent / "conf"]
    folders += [Path(app.path) for app in apps.get_app_configs() if app.name.startswith("django.")]
    found = {"django": Catalog(), "djangojs": Catalog()}
    for folder in folders:
        for domain, catalog in found.items():
            po = folder / "locale" / language / "LC_MESSAGES" / f"{domain}.po"
            if po.exists():
                for message in filter(_text, read(po)):
                    if not catalog.get(message.id, message.context):
                        catalog[message.id] = message
    return found


def read(po: Path) -> Catalog:
    """The catalogue as the file has it."""
    with po.open("rb") as file:
        return read_po(file, locale=po.parent.parent.name)


def _files(root: Path | None, language: str = "*", name: str = "*") -> list[Path]:
    return sorted((root or settings.BASE_DIR).glob(f"locale/{language}/LC_MESSAGES/{name}.po"))


def _collect(found: Catalog, source: bytes, place: str, jinja: bool = False) -> None:
    method: Any = babel_extract if jinja else "python"
    for _, message, comments, context in extract(
        method, BytesIO(source), KEYWORDS, ["Translators:"], JINJA
    ):
        found.add(message, locations=[(place, 0)], auto_comments=comments, context=context)


def _is_jinja(name: Path) -> bool:
    """Pages and papers are Jinja's, the admin's templates Django's."""
    return name.parts[0] == "templates"


def _source(path: Path, name: Path) -> bytes | None:
    """What messages are found in, Django's templates as Python; None if there can't be any."""
    if path.suffix == ".py" or (_is_jinja(name) and path.suffix in TEMPLATES):
        return path.read_bytes()
    if path.suffix in TEMPLATES and "templates" in name.parts:
        lines = templatize(path.read_text("utf-8")).split("\n")
        return "\n".join("; ".join(CALL.findall(line)) for line in lines).encode()
    return None


def _faults(language: str, root: Path | None) -> Iterator[tuple[str, Message]]:
    catalogues = {po.stem: read(po) for po in _files(root, language)}
    ours = catalogues.setdefault("django", Catalog())
    for message in filter(_text, chain(messages(root), package_messages())):
        entry = ours.get(message.id, message.context)
        if not entry:
            of = f", of {message.locations[0][0]}" if _of_package(message) else ""
            yield f"missing{of}", message
        elif message.pluralizable and not entry.pluralizable:
            yield "without a plural", message
    for catalogue in catalogues.values():
        for message in filter(_text, catalogue):
            if message.fuzzy:
                yield "fuzzy", message
            if not _translated(message):
                yield "empty", message
            elif {_placeholders(_text(message))} != set(map(_placeholders, _forms(message))):
                yield "other placeholders", message
    theirs = django_messages(language)
    for domain, catalogue in django_messages("en").items():
        for message in catalogue:
            known = [
                entry
                for source in (catalogues.get(domain), theirs[domain])
                if source and (entry := source.get(message.id, message.context))
            ]
            if _text(message) and not any(map(_translated, known)):
                yield "missing, of Django", message


def _of_package(message: Message) -> bool:
    return any(file.partition(".")[0] in ("django", *PACKAGES) for file, _ in message.locations)


def _translated(message: Message) -> bool:
    return not message.fuzzy and all(_forms(message))


def _forms(message: Message) -> list[str]:
    strings = [message.string] if isinstance(message.string, str) else message.string or [""]
    return [text or "" for text in strings]


def _text(message: Message) -> str:
    """The message in English: of one with a plural, that (it has all the placeholders)."""
    return message.id if isinstance(message.id, str) else message.id[-1]


def _placeholders(text: str) -> frozenset[str]:
    return frozenset(PLACEHOLDER.findall(text.replace("%%", "")))
