"""The catalogues are complete and right, in both languages, and so are dates and numbers."""

import datetime as dt
import os
import re
from collections.abc import Iterator
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django import forms
from django.core.management import CommandError, call_command
from django.utils import translation
from django.utils.formats import date_format, get_format, number_format, time_format
from django.utils.translation import gettext, ngettext, trans_real

from cabinet import catalogues

DAY = dt.date(2025, 3, 5)
SAME = {
    *("…", ":", ":?.!", ", ", "%(truncated_text)s…"),  # punctuation
    *("IPv4", "IPv6", "URL"),  # names of things, the same everywhere
}
CYRILLIC = "[\u0400-\u04ff]"
ENDING_ON_PLACEHOLDER = re.compile(rf"(%\(\w+\)[a-z]|%[a-z]|\{{\w*\}})-?{CYRILLIC}")
# What no text of ours has, in either language.
UNWANTED = {
    "officialese": (
        r"\b(осуществля|в целях|явля[ею]тся|в соответствии с требованиями|вышеуказанн|в связи с чем"
        r"|жүзеге асыр|болып табыл|мақсатында|жоғарыда аталған|тиісінше)"
    ),
    "a Kazakh plural after a number": r"(%\(count\)s|%\(days\)s|\d) \w+[лдт][ае]р(ы|і)?(?!\w)",
    "a hyphen for a dash": r"(?<!«) - ",
    "a long dash": "—",
    "straight quotation marks": r"(?<![=\w])[\"“”]\w",
    "a sum parted from its sign": r"\)s ₸",
}
MIXED_ALPHABETS = re.compile(rf"[A-Za-z]{CYRILLIC}|{CYRILLIC}[A-Za-z]")

HEADER = r"""# Kazakh.
msgid ""
msgstr ""
"Language: kk\n"
"Content-Type: text/plain; charset=utf-8\n"
"Plural-Forms: nplurals=2; plural=(n!=1);\n"
"""
PO = f"""{HEADER}
#: billing/views.py
msgid "Gone"
msgstr "Жоғалған"

#: accounts/old.py
msgid "Show"
msgstr "Көрсету"

#: allauth.account.adapter
msgid "Incorrect code."
msgstr "Код қате."

#: django.core
msgid "Delete"
msgstr "Жою"
"""
PYTHON = """
from django.utils.translation import gettext as _, gettext_lazy, ngettext, npgettext, pgettext

class Row:
    # Translators: a button
    label = gettext_lazy("Show")

def view(number, name):
    _("Not " "cut")
    _("Delete")
    ngettext("%(n)s bill", "%(n)s bills", number) % {"n": number}
    pgettext("month", "May")
    npgettext("meter", "one reading", "many readings", number)
    _(name)
"""
TEMPLATE = """{% load i18n %}
        <p title="it's {{ title|default:_("Untitled") }}">{% translate "Pay by" %}
    {# Translators: above the sum #}
    {% translate "To pay" context "receipt" as heading %}
  {% blocktranslate trimmed count n=rows|length with day=day|date:"j E" context "history" %}
      {{ n }} payment
      since {{ day }} ("all")
    {% plural %}
      {{ n }} payments
      since {{ day }} ("all")
  {% endblocktranslate %}
 {% if a == "x" %}\u00a0– 5 % {% endif %}{% translate 'VAT 16 %' %} _("not a message")
{% comment %}{% translate "Hidden" %}{% endcomment %}
"""

JINJA = """{% extends "base.html" %}
{# Translators: under the sum #}
<p title="{{ _('Paid') }}">{{ _("To pay", ) }}</p>
{% trans count=rows|length, day=day|day %}
    {{ count }} reading
    of {{ day }}
{% pluralize %}
    {{ count }} readings
    of {{ day }}
{% endtrans %}
{{ pgettext("month", "June") }} {{ "not a message" }}
"""


@pytest.fixture(autouse=True, scope="module")
def compiled() -> None:
    """The catalogues as they stand, also where the start has not compiled them."""
    if catalogues.compile_all():
        trans_real._translations.clear()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small project with a Kazakh catalogue."""
    for name, text in {
        "locale/kk/LC_MESSAGES/django.po": PO,
        "billing/views.py": PYTHON,
        "billing/tests/test_views.py": '_("Only in a test")',
        "billing/notes.txt": "{% translate 'Not a template' %}",
        "cabinet/templates/admin/home.html": TEMPLATE,
        "templates/billing/home.html": JINJA,
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return tmp_path


def ids(catalogue: catalogues.Catalog) -> set[tuple]:
    return {(message.context, message.id) for message in catalogue if message.id}


def of_packages(language: str) -> Iterator[tuple[str, str]]:
    """Each message of packages, in English and as people see it."""
    demanded = [*catalogues.django_messages("en").items()]
    for domain, catalogue in [*demanded, ("django", catalogues.package_messages())]:
        merged = trans_real.DjangoTranslation(language, domain=domain)
        for message in filter(lambda message: message.id, catalogue):
            prefix = f"{message.context}\x04" if message.context else ""
            if message.pluralizable:
                for number in (1, 2, 5, 21):
                    singular, plural = (prefix + text for text in message.id)
                    yield message.id[0], merged.ngettext(singular, plural, number)
            else:
                yield message.id, merged.gettext(prefix + message.id).removeprefix(prefix)


def translations() -> Iterator[str]:
    """Each text of our catalogues."""
    for po in catalogues._files(None):
        for message in catalogues.read(po):
            if message.id:
                yield from catalogues._forms(message)


def ours() -> Iterator[str]:
    """Each text of a message of ours."""
    for po in catalogues._files(None, name="django"):
        for message in catalogues.read(po):
            if message.id and not catalogues._of_package(message):
                yield from catalogues._forms(message)


# What the catalogues hold


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_complete(language: str) -> None:
    assert catalogues.problems(language) == []


def test_no_english_from_packages_in_kazakh() -> None:
    shown = list(of_packages("kk"))
    assert len(shown) > 800
    assert [text for english, text in shown if text == english and english not in SAME] == []


def test_each_word_of_django_in_kazakh_is_ours() -> None:
    """Its own Kazakh is never seen: each message of it is in our catalogue too."""
    for domain, catalogue in catalogues.django_messages("en").items():
        [po] = catalogues._files(None, "kk", domain)
        assert ids(catalogue) - ids(catalogues.read(po)) == set()


def test_one_word_for_password() -> None:
    shown = [text for _, text in of_packages("kk")] + list(translations())
    assert [text for text in shown if "құпия сөз" in text.lower()] == []
    assert "Құпиясөз" in shown


def test_no_ending_is_glued_to_a_placeholder() -> None:
    assert [text for text in translations() if ENDING_ON_PLACEHOLDER.search(text)] == []


def test_no_latin_letter_in_a_cyrillic_word() -> None:
    words = (re.sub(r"%\(\w+\)[a-z]|%[a-z]|\{\w*\}", " ", text) for text in translations())
    assert [text for text in words if MIXED_ALPHABETS.search(text)] == []


@pytest.mark.parametrize("fault", UNWANTED)
def test_no_officialese_and_plain_signs(fault: str) -> None:
    assert [text for text in ours() if re.search(UNWANTED[fault], text, re.IGNORECASE)] == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("%(count)s айлар", "a Kazakh plural after a number"),
        ("Оплата осуществляется в банке", "officialese"),
        ("бұл шот болып табылады", "officialese"),
        ("банк - касса", "a hyphen for a dash"),
        ("«счёт» — это", "a long dash"),
        ('"счёт"', "straight quotation marks"),
        ("%(sum)s ₸", "a sum parted from its sign"),
    ],
)
def test_what_is_unwanted(text: str, fault: str) -> None:
    assert [name for name in UNWANTED if re.search(UNWANTED[name], text)] == [fault]


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_a_user_is_not_called_a_personal_account(language: str) -> None:
    theirs = catalogues.package_messages()
    [po] = catalogues._files(None, language, "django")
    texts = [
        text
        for message in catalogues.read(po)
        if message.id and theirs.get(message.id, message.context)
        for text in catalogues._forms(message)
    ]
    assert len(texts) == len(ids(theirs))
    assert [text for text in texts if re.search(r"\b(шот|сч[её]т)", text.lower())] == []


def test_after_a_number_the_kazakh_noun_stays_singular() -> None:
    with translation.override("kk"):
        years = [ngettext("%(num)d year", "%(num)d years", n) % {"num": n} for n in (1, 2, 5)]
    assert years == ["1 жыл", "2 жыл", "5 жыл"]


def test_a_russian_plural_of_ours() -> None:
    with translation.override("ru"):
        asked = [
            ngettext(
                "Your password must contain at least %(min_length)d character.",
                "Your password must contain at least %(min_length)d characters.",
                number,
            )
            % {"min_length": number}
            for number in (10, 21)
        ]
    assert asked == [
        "В пароле должно быть не менее 10 символов.",
        "В пароле должно быть не менее 21 символа.",
    ]


# How they are kept


def test_messages_of_python_and_templates(root: Path) -> None:
    assert ids(catalogues.messages(root)) == {
        (None, "Show"),
        (None, "Not cut"),
        (None, "Delete"),
        (None, ("%(n)s bill", "%(n)s bills")),
        ("month", "May"),
        ("meter", ("one reading", "many readings")),
        (None, "Untitled"),
        (None, "Pay by"),
        ("receipt", "To pay"),
        (
            "history",
            (
                '%(n)s payment since %(day)s ("all")',
                '%(n)s payments since %(day)s ("all")',
            ),
        ),
        (None, "VAT 16 %%"),
        (None, "Paid"),
        (None, "To pay"),
        (None, ("%(count)s reading of %(day)s", "%(count)s readings of %(day)s")),
        ("month", "June"),
    }


def test_comments_for_translators(root: Path) -> None:
    found = catalogues.messages(root)
    assert found.get("Show").auto_comments == ["Translators: a button"]
    assert found.get("To pay", "receipt").auto_comments == ["Translators: above the sum"]
    assert found.get("Paid").auto_comments == ["under the sum"]


def test_messages_of_packages() -> None:
    found = catalogues.package_messages()
    code = [place for place, _ in found.get("Incorrect code.").locations]
    assert code == ["allauth.account.adapter", "allauth.mfa.adapter"]
    assert found.get("Login", "field label")
    assert found.get("session key").locations == [("allauth.usersessions.models", 0)]
    assert found.get("Task Result").locations == [("django_tasks_db.models", 0)]
    places = {place for message in found for place, _ in message.locations}
    unused = re.compile(r"\.(socialaccount|headless|idp|tests|migrations)\b")
    assert [place for place in places if unused.search(place)] == []


def test_update(root: Path) -> None:
    po = root / "locale/kk/LC_MESSAGES/django.po"
    assert catalogues.update(root) == [po]
    catalogue = catalogues.read(po)
    assert ids(catalogue) - ids(catalogues.messages(root)) == {(None, "Incorrect code.")}
    assert ids(catalogues.messages(root)) - ids(catalogue) == set()
    assert catalogue.get("Show").string == "Көрсету"
    assert catalogue.get("Show").locations == [("billing/views.py", None)]
    assert catalogue.get("Not cut").string == ""
    assert catalogue.get("Delete").locations == [("django.core", None)]
    assert catalogue.get("Incorrect code.").locations == [("allauth.account.adapter", None)]
    assert catalogue.get("Incorrect code.").string == "Код қате."
    text = po.read_text("utf-8")
    assert text.startswith(HEADER)
    assert text.endswith('#: django.core\nmsgid "Delete"\nmsgstr "Жою"\n')


def test_update_twice_changes_nothing(root: Path) -> None:
    catalogues.update(root)
    assert catalogues.update(root) == []


def test_problems(root: Path) -> None:
    assert "missing: receipt: To pay" in catalogues.problems("kk", root)
    catalogues.update(root)
    po = root / "locale/kk/LC_MESSAGES/django.po"
    text = po.read_text("utf-8")
    text = text.replace("#. Translators: a button\n", "#, fuzzy\n")
    text = text.replace('msgstr[0] ""\nmsgstr[1] ""', 'msgstr[0] "шот"\nmsgstr[1] "%(n)s шот"', 1)
    po.write_text(text, "utf-8")
    found = catalogues.problems("kk", root)
    assert "fuzzy: Show" in found
    assert "other placeholders: %(count)s readings of %(day)s" in found
    assert "empty: VAT 16 %%" in found
    assert "missing: receipt: To pay" not in found


def test_a_plural_that_the_catalogue_lacks(root: Path) -> None:
    (root / "billing/more.py").write_text('ngettext("Delete", "Delete all", 2)')
    assert "without a plural: Delete all" in catalogues.problems("kk", root)


def test_problems_name_what_django_has_and_we_lack(root: Path) -> None:
    assert "missing, of Django: Password-based authentication" in catalogues.problems("kk", root)


def test_problems_name_what_other_packages_have_and_we_lack(root: Path) -> None:
    found = catalogues.problems("kk", root)
    assert "missing, of allauth.account.adapter: Incorrect password." in found
    assert "missing, of allauth.account.forms: field label: Login" in found
    assert "missing, of django_tasks.base: Task: Ready" in found
    assert [line for line in found if "Incorrect code." in line] == []


def test_a_package_translation_emptied(root: Path) -> None:
    po = root / "locale/kk/LC_MESSAGES/django.po"
    po.write_text(po.read_text("utf-8").replace("Код қате.", ""), "utf-8")
    assert "empty: Incorrect code." in catalogues.problems("kk", root)


def test_compiled_once(root: Path) -> None:
    mo = root / "locale/kk/LC_MESSAGES/django.mo"
    assert catalogues.compile_all(root) == [mo]
    assert catalogues.compile_all(root) == []
    assert sorted(path.name for path in mo.parent.iterdir()) == ["django.mo", "django.po"]


def test_compiled_again_when_the_po_is_another_even_an_older_one(root: Path) -> None:
    catalogues.compile_all(root)
    po = root / "locale/kk/LC_MESSAGES/django.po"
    os.utime(po, (1_000_000_000, 1_000_000_000))
    assert catalogues.compile_all(root) == [po.with_suffix(".mo")]


def test_command(root: Path, settings) -> None:
    settings.BASE_DIR = root
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("catalogues", "--update", "--check", stdout=out)
    lines = out.getvalue().splitlines()
    assert lines[:2] == [
        "Updated locale/kk/LC_MESSAGES/django.po",
        "Compiled locale/kk/LC_MESSAGES/django.mo",
    ]
    assert "kk: empty: Pay by" in lines
    assert "ru: missing: Pay by" in lines


# Dates and numbers


@pytest.mark.parametrize(
    ("language", "name", "text"),
    [
        ("kk", "DATE_FORMAT", "2025 ж. 5 наурыз"),
        ("kk", "YEAR_MONTH_FORMAT", "2025 ж. наурыз"),
        ("kk", "MONTH_DAY_FORMAT", "5 наурыз"),
        ("kk", "SHORT_DATE_FORMAT", "05.03.2025"),
        ("kk", "l", "сәрсенбі"),
        ("ru", "DATE_FORMAT", "5 марта 2025 г."),
        ("ru", "YEAR_MONTH_FORMAT", "март 2025 г."),
        ("ru", "MONTH_DAY_FORMAT", "5 марта"),
        ("ru", "SHORT_DATE_FORMAT", "05.03.2025"),
        ("ru", "l", "среда"),
    ],
)
def test_date(language: str, name: str, text: str) -> None:
    with translation.override(language):
        assert date_format(DAY, name) == text


@pytest.mark.parametrize(
    ("language", "text"),
    [("kk", "2025 ж. 5 наурыз, 09:05"), ("ru", "5 марта 2025 г., 09:05")],
)
def test_date_and_time(language: str, text: str) -> None:
    moment = dt.datetime(2025, 3, 5, 9, 5)
    with translation.override(language):
        assert date_format(moment, "DATETIME_FORMAT") == text
        assert date_format(moment, "SHORT_DATETIME_FORMAT") == "05.03.2025 09:05"
        assert time_format(moment.time(), "TIME_FORMAT") == "09:05"


@pytest.mark.parametrize(
    ("language", "months"),
    [
        (
            "kk",
            "қаңтар ақпан наурыз сәуір мамыр маусым шілде тамыз қыркүйек қазан қараша желтоқсан",
        ),
        (
            "ru",
            "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь",
        ),
    ],
)
def test_months_are_in_small_letters(language: str, months: str) -> None:
    with translation.override(language):
        shown = [date_format(dt.date(2025, month, 1), "F") for month in range(1, 13)]
    assert shown == months.split()


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_number_and_week(language: str) -> None:
    with translation.override(language):
        assert (
            number_format(Decimal("1234567.5"), 2, force_grouping=True) == "1\u00a0234\u00a0567,50"
        )
        assert number_format(Decimal("0.5"), 2) == "0,50"
        assert get_format("FIRST_DAY_OF_WEEK") == 1


@pytest.mark.parametrize("language", ["kk", "ru"])
@pytest.mark.parametrize("text", ["05.03.2025", "2025-03-05", "05.03.25"])
def test_day_typed_into_a_form(language: str, text: str) -> None:
    with translation.override(language):
        assert forms.DateField().clean(text) == DAY


@pytest.mark.parametrize("language", ["kk", "ru"])
@pytest.mark.parametrize("text", ["4\u00a0500,50", "4 500,50", "4500,50"])
def test_sum_typed_into_a_form(language: str, text: str, settings) -> None:
    settings.USE_THOUSAND_SEPARATOR = True
    with translation.override(language):
        assert forms.DecimalField(localize=True).clean(text) == Decimal("4500.50")


def test_errors_of_a_form() -> None:
    field = forms.DateField()
    errors = []
    for language in ("kk", "ru"):
        with translation.override(language):
            for text in ("", "31.02.2025"):
                with pytest.raises(forms.ValidationError) as error:
                    field.clean(text)
                errors += error.value.messages
    assert errors == [
        "Бұл өрісті толтырыңыз.",
        "Күнді дұрыс енгізіңіз.",
        "Заполните это поле.",
        "Введите правильную дату.",
    ]


def test_home_of_the_admin() -> None:
    with translation.override("kk"):
        assert gettext("Home") == "Басты бет"
        assert gettext("Log out") == "Шығу"
