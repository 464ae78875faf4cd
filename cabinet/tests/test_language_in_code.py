"""Every text that is shown can be translated: the catalogues' extractor sees each of them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.template import engines
from django.template.base import TextNode
from jinja2 import nodes

from cabinet import catalogues
from cabinet.jinja import environment
from cabinet.tests.test_language import LANGUAGES, WORD, parsed, shown

# Each gettext function, and how many texts it takes first.
FUNCTIONS = {
    **dict.fromkeys(("gettext", "gettext_lazy", "gettext_noop"), 1),
    **dict.fromkeys(("ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy"), 2),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), 3),
}
# Where a text is said that is marked as one at another place.
SAID_LATER = {
    "accounts/letters.py": {"subject", "paragraph"},  # of KINDS
    "billing/exchange/problems.py": {"SENTENCES[name]"},
    "billing/frame.py": {"name"},  # of MENU
    "billing/import_admin.py": {"found.error"},  # marked in billing.import_jobs
    "billing/import_pages.py": {"PHASES[job.phase]"},
    "billing/management/commands/import_billing.py": {"PHASES[phase]"},
    "cabinet/admin.py": {"letter.last_error"},  # marked in cabinet.attempts
    "receipts/mailing_admin.py": {"reason"},
    "receipts/staff.py": {"self.letter.last_error"},
    "receipts/words.py": {"message"},  # from templates, where `wording` is looked for
}
HANDED_ON = {"cabinet/jinja.py"}  # where Jinja is given the functions themselves
SHOWN = {"verbose_name", "verbose_name_plural", "label", "help_text", "empty_label", "title"}
SHOWN |= {"short_description", "search_help_text", "site_header", "site_title", "index_title"}
IN_TEMPLATES = {"_", "gettext", "ngettext", "pgettext", "npgettext", "wording"}
SAME = {
    **dict.fromkeys(("PDF", "SHA", "JPEG", "PNG"), "names of formats"),
    **dict.fromkeys(LANGUAGES.values(), "a language calls itself so in every language"),
    "Аа": "the sign of the size of letters",
    "primary": "a class of a button, in a block of its own",
}


def sources(*suffixes: str) -> list[str]:
    """The project's own files of those kinds, tests and migrations aside."""
    root = Path(settings.BASE_DIR)
    found = [path for folder in catalogues.FOLDERS for path in (root / folder).rglob("*")]
    names = [path.relative_to(root) for path in found if path.suffix in suffixes]
    return sorted(name.as_posix() for name in names if catalogues.SKIPPED.isdisjoint(name.parts))


def read(name: str) -> str:
    return Path(settings.BASE_DIR, name).read_text("utf-8")


def is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def functions_of(tree: ast.Module) -> dict[str, str]:
    """The gettext functions that a module imports, by the names that it calls them."""
    return {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
        if alias.name in FUNCTIONS
    }


def unseen(source: str, later: set[str]) -> Iterator[str]:
    """What the extractor would not see: a call without a literal, a function handed on."""
    tree = ast.parse(source)
    functions = functions_of(tree)
    called = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id in functions:
            called.add(node.func)
            for text in node.args[: FUNCTIONS[functions[node.func.id]]]:
                if not is_text(text) and ast.unparse(text) not in later:
                    yield f"{node.lineno}: {ast.unparse(node)}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in functions and node not in called:
            yield f"{node.lineno}: {node.id}"


def plain(source: str) -> Iterator[str]:
    """Names of models and fields, choices, labels, helps that are no messages."""
    for node in ast.walk(ast.parse(source)):
        given: list[tuple[str, ast.expr]] = []
        if isinstance(node, ast.Call):
            given = [(each.arg or "", each.value) for each in node.keywords]
        elif isinstance(node, ast.Assign):
            given = [(ast.unparse(each).rpartition(".")[2], node.value) for each in node.targets]
        elif isinstance(node, ast.ClassDef) and any(
            "Choices" in ast.unparse(b) for b in node.bases
        ):
            assigned = [each for each in node.body if isinstance(each, ast.Assign)]
            given = [
                ("label", each.value.elts[-1] if isinstance(each.value, ast.Tuple) else each.value)
                for each in assigned
            ]
        for name, value in given:
            if name in SHOWN and any(words_of(text) for text in texts_of(value)):
                yield f"{node.lineno}: {name}={ast.unparse(value)}"


def texts_of(value: ast.expr) -> list[str]:
    """What an expression says in plain letters: a text, or such parts of an f-string."""
    parts = value.values if isinstance(value, ast.JoinedStr) else [value]
    return [part.value for part in parts if isinstance(part, ast.Constant) if is_text(part)]


def words_of(text: str) -> list[str]:
    return [word for word in WORD.findall(text) if len(word) > 1 and word not in SAME]


@pytest.mark.parametrize("name", sources(".py"))
def test_every_text_in_code_is_seen(name):
    if name not in HANDED_ON:
        assert list(unseen(read(name), SAID_LATER.get(name, set()))) == []
    assert list(plain(read(name))) == []


def test_texts_said_later_are_still_said():
    """The table above names nothing that is gone."""
    for name, later in SAID_LATER.items():
        for text in later:
            assert f"({text})" in read(name), name


TEMPLATES = [name for name in sources(".html", ".txt", ".xml") if "templates/" in name]


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_text_of_a_template_is_seen(name):
    """No word stands outside of a message, and each message is a literal."""
    is_jinja = name.startswith("templates/")
    told, calls = jinja_texts(read(name)) if is_jinja else django_texts(read(name))
    assert calls == []
    texts = shown(parsed(f"<div>{told}</div>"))
    assert [word for text in texts for word in words_of(text)] == []


def jinja_texts(source: str) -> tuple[str, list[str]]:
    """A template's text outside of messages, and its calls without a literal."""
    tree = environment().parse(source)
    told = "".join(each.data for each in tree.find_all(nodes.TemplateData))
    calls = [
        f"line {call.lineno}"
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name in IN_TEMPLATES
        if not isinstance(call.args[0], nodes.Const)
    ]
    return told, calls


def django_texts(source: str) -> tuple[str, list[str]]:
    """The same of a template of Django's."""
    template = engines["django"].from_string(source).template
    told = "".join(node.s for node in template.nodelist.get_nodes_by_type(TextNode))
    return told, re.findall(r"{% (?:translate|trans) [^\"'].*?%}", source)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('partial(_, "Text")', ["2: _"]),
        ('_(f"Text {number}")', ["2: _(f'Text {number}')"]),
        ("[_(word) for word in words]", ["2: _(word)"]),
        ('_("Text") % {"number": 1}', []),
    ],
)
def test_what_is_unseen_in_code(source, found):
    code = f"from django.utils.translation import gettext as _\n{source}"
    assert list(unseen(code, set())) == found


def test_what_is_plain_in_code():
    code = 'class A(TextChoices):\n    B = "Bare"\n    C = "c", _("C")\nField(label="Text")'
    assert list(plain(code)) == ["1: label='Bare'", "4: label='Text'"]


def test_what_is_unseen_in_templates():
    assert jinja_texts('{{ _("seen") }}{{ _(name) }} text {% trans %}seen{% endtrans %}') == (
        " text ",
        ["line 1"],
    )
    assert django_texts('{% load i18n %}{% translate "seen" %}{% translate name %}text') == (
        "text",
        ["{% translate name %}"],
    )
