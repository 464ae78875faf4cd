"""Support staff find accounts by number, payer, address and meter, whatever letters they type."""

import pytest
from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import Func, TextField
from django.test.utils import CaptureQueriesContext

from billing import names, search
from billing.admin import PersonalAccountAdmin
from billing.models import PersonalAccount
from billing.models.searched import account_words
from billing.tests import factories as make
from cabinet.tests.pages import Page, rows

LIST = "/admin/billing/personalaccount/"

# The accounts by the last digit of their numbers: payer, address in Kazakh and in Russian.
HOMES = [
    ("Ахметова Айгүл Серікқызы", "Абай даңғ., 12-үй, 45-пәтер", "пр. Абая, д. 12, кв. 45"),
    ("Ахметов Айдар Қанатұлы", "Абай даңғ., 12-үй, 4-пәтер", "пр. Абая, д. 12, кв. 4"),
    ("Құдайбергенова-Өтеген Һадиша", "Өтеген батыр көш., 12а үй", "ул. Утеген батыра, д. 12а"),
    ("Ли Виктор", "Абай даңғ., 45-үй, 12-пәтер", "пр. Абая, д. 45, кв. 12"),
    ("Семёнов Пётр Юрьевич", '"Самал-2", 7/1', 'мкр. "Самал-2", 7/1, кв. 3'),
    ("АБАЙ Іңкәр", "Толе би көш., 181-үй", "ул. Толе би, д. 181"),
]
SERIALS = ["11223344", "11229999", "АЕ-5501", "45000001", "00000099", "30000010"]


@pytest.fixture
def homes(db):
    """Accounts 700010 … 700015, each with a meter."""
    for place, ((payer, in_kazakh, in_russian), serial) in enumerate(
        zip(HOMES, SERIALS, strict=True)
    ):
        account = make.PersonalAccountFactory(
            number=f"70001{place}",
            payer=payer,
            address_kk=f"Алматы қ., {in_kazakh}",
            address_ru=f"г. Алматы, {in_russian}",
        )
        make.MeterFactory(account=account, serial=serial)


def found(text):
    """The last digits of the numbers of the accounts found."""
    numbers = PersonalAccount.objects.filter(pk__in=search.find(text)).values_list(
        "number", flat=True
    )
    return "".join(sorted(number[-1] for number in numbers))


SEARCHES = {
    "nothing": {"": "012345", "  ": "012345"},
    "number": {
        "700012": "2",
        "№700012,": "2",
        "70001": "012345",
        "700": "012345",
        "70": "",  # the beginning is too short
        "00012": "",  # the middle
        "7000120": "",
        "7" * 25: "",
    },
    "payer": {
        "Ахметова Айгүл": "0",
        "ахмет айгу": "0",
        "айгу ахмет": "0",
        "АЙГУЛ": "0",
        "ахмет": "01",
        "метов": "",  # the middle
        "кудай": "2",
        "хадиша құдайбергенова-өтеген": "2",
        "семенов петр": "4",
        "cemehob": "4",  # Latin look-alikes
        "инкар": "5",
        "Ахметов А.Қ.": "1",
        "ахмет а с": "0",
        "Ахмет Қ.": "01",  # or a town
        "ли": "3",
        "ай": "",  # two letters are a whole word
        "ахмет виктор": "",
    },
    "address": {
        "абая 12": "013",
        "абая 12 45": "03",
        "45 абай 12": "03",
        "абая 1": "",  # numbers are whole
        "12": "0123",
        "12а": "2",
        "12-А": "2",
        "утеген 12 а": "2",
        "өтеген": "2",
        "самал 2": "4",
        "Самал-2": "4",
        "7/1": "4",
        "алматы": "012345",
        "толе би 181": "5",
        "толе би 18": "",
    },
    "address with kinds": {
        "г. Алматы, пр. Абая, д. 12, кв. 45": "03",
        "Алматы қ., Абай даңғылы, 12-үй, 45-пәтер": "03",
        "город Алматы, проспект Абая, дом 12, квартира 4": "1",
        "пр.Абая,д.12,кв.4": "1",
        "мкр": "4",
        "г": "012345",
    },
    "meter": {
        "11223344": "0",
        "1122": "01",
        "112": "01",
        "11": "",  # the beginning is too short
        "3344": "",  # the end
        "ае-5501": "2",
        "AE-55": "2",  # in Latin letters
        "00000099": "4",
    },
    "of several kinds": {
        "абай": "0135",  # address and payer
        "45 абай": "03",
        "ахметова 700": "0",
        "700010 абая": "0",
        "700014 абая": "",
        "ахмет 1122": "01",
        "ахмет 11229": "1",
        "700011 11229999": "1",
        "700011 11223344": "",
        "айгүл 700010 1122 абая 45": "0",
    },
    "nonsense": {
        "жоқсөз": "",
        "жоқсөз абая": "",
        "—": "",
        "%": "",
        "_00": "",
        "70001%": "012345",
        "а'б\\в": "",
        "' | '": "",
        "ж" * 10_000: "",
        "1 " * 10_000: "4",
        "абая " * 10_000: "013",
    },
}


@pytest.mark.parametrize("kind", SEARCHES)
def test_search(kind, homes):
    assert {text: found(text) for text in SEARCHES[kind]} == SEARCHES[kind]


def test_account_with_two_meters_of_one_beginning_is_found_once(homes):
    account = PersonalAccount.objects.get(number="700010")
    make.MeterFactory(account=account, serial="11225555")
    assert found("1122") == "01"
    assert len(search.find("1122")) == 2


def test_beginning_of_too_many_numbers_says_nothing_beside_other_words(homes, monkeypatch):
    monkeypatch.setattr(search, "OWNERS_MOST", 5)
    assert found("7000") == "012345"
    assert found("7000 ахметова") == ""
    assert found("70001 7000") == ""
    assert found("70001 70001") == "012345"
    assert found("700010 ахметова") == "0"


def test_most_are_the_first_by_number(homes, monkeypatch):
    monkeypatch.setattr(search, "MOST", 2)
    assert (found(""), found("70001")) == ("012", "012")
    assert len(search.find("алматы")) == 3


@pytest.mark.parametrize(
    "text",
    [
        *(payer for payer, _kazakh, _russian in HOMES),
        *(in_russian for _payer, _kazakh, in_russian in HOMES),
        " ".join(names.ALPHABET) + names.ALPHABET.upper() + "".join(names.FOLDED_LETTERS).upper(),
        "12а3б-4/5«Ғ»\u00a0№6\t7",
        "-",
        "«Ы» Ў ß",
    ],
)
def test_words_are_the_same_in_the_database(text, db):
    make.PersonalAccountFactory(payer="!", address_kk=text, address_ru="")
    assert words_in_database() - {"."} == set(names.words(text))


def test_initials_are_marked_in_the_database(db):
    make.PersonalAccountFactory(payer="Ли Әсел Үсенқызы", address_kk="", address_ru="")
    assert words_in_database() == {"ли", "асел", "усенкызы", ".а", ".у"}


def words_in_database():
    """The words by which the only account is found."""
    array = ArrayField(TextField())
    words = Func(account_words(), function="tsvector_to_array", output_field=array)
    (words,) = PersonalAccount.objects.values_list(words, flat=True)
    return set(words)


@pytest.mark.parametrize("kind", SEARCHES)
def test_no_table_is_read_row_by_row(kind, homes):
    assert [line for text in SEARCHES[kind] for line in plans(text) if "Seq Scan" in line] == []


def test_indexes(homes):
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE billing_personalaccount, billing_meter")
    for text, index in {
        "ахмет абая": "account_words",
        "112": "meter_serial_beginning",
        "700": "billing_personalaccount_number_key",
        "": "billing_personalaccount_number_key",
    }.items():
        assert [line for line in plans(text) if index in line] != [], text


def plans(text):
    """How the database would answer a search, if it could choose among more than a few rows."""
    with CaptureQueriesContext(connection) as asked:
        search.find(text)
    lines = []
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        for query in asked.captured_queries:
            if query["sql"].startswith("SELECT"):
                cursor.execute(f"EXPLAIN {query['sql']}")
                lines += [line for (line,) in cursor]
    return lines


def shown(page):
    """The numbers in the list, in its order."""
    return [row[0] for row in rows(page.find("table#result_list"))[1:]]


def test_list_of_the_admin(home, homes, client):
    client.force_login(home.support)
    page = Page(client.get(LIST, {"q": "абай 12"}))
    assert shown(page) == ["700010", "700011", "700013"]
    assert page.content.count("Дербес шоттар: 3") == 1
    help_text = page.find("div#searchbar_helptext")
    assert str(PersonalAccountAdmin.search_help_text) in " ".join(help_text.itertext())


def test_list_says_when_there_are_more(home, homes, client, monkeypatch):
    monkeypatch.setattr(search, "MOST", 3)
    client.force_login(home.support)
    page = Page(client.get(LIST, {"q": "алматы"}))
    assert len(shown(page)) == 3
    assert len(page.all("form#changelist-search")[0].findall("p")) == 1
    page = Page(client.get(LIST, {"q": "ахмет"}))
    assert shown(page) == ["700010", "700011"]
    assert page.all("form#changelist-search")[0].findall("p") == []


@pytest.mark.parametrize("query", [{}, {"q": "алматы"}, {"all": ""}, {"p": "7"}, {"o": "-2"}])
def test_list_counts_and_reads_no_more_than_it_shows(query, home, homes, client, monkeypatch):
    monkeypatch.setattr(search, "MOST", 3)
    client.force_login(home.support)
    with CaptureQueriesContext(connection) as asked:
        page = Page(client.get(LIST, query))
    assert len(shown(page)) <= 3
    asked = [query["sql"] for query in asked if "billing_personalaccount" in query["sql"]]
    assert [sql for sql in asked if "COUNT" in sql] == []
    assert [sql for sql in asked if "LIMIT 4" not in sql and " IN (" not in sql] == []
