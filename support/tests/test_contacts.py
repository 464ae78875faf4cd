"""Whom residents can reach: contact centre, branches, the information area, the site map."""

import pytest

from billing.models import Supplier
from billing.tests.factories import BranchFactory, PersonalAccountFactory
from cabinet import memory
from cabinet.tests import asks
from cabinet.tests.pages import Page, select, text
from support.tests.information_factories import BranchNoticeFactory

CONTACTS, BRANCHES, SITE_MAP = "/contacts/", "/branches/", "/site-map/"


@pytest.fixture
def far(home):
    """A branch where nobody of the household has an account; it comes first by its code."""
    return BranchFactory(
        code="AAA",
        name_kk="Медеу АЭЖБ",
        name_ru="Медеуский РОЭС",
        phone="+7 727 000 0009",
        address_kk="Алматы қ., Достық даңғ., 9",
        address_ru="г. Алматы, пр. Достык, 9",
    )


def see(client, path, user=None):
    if user:
        client.force_login(user)
    return Page(client.get(path))


def test_contacts(client, home):
    page = see(client, CONTACTS)
    assert (page.status, page.heading) == (200, "Контакт-орталығы")
    assert page.facts == [
        [
            ("Телефон", "+7 727 000 0000"),
            ("E-mail", "info@example.kz"),
            ("Мекенжайы", "Алматы қ., Үлгі көшесі, 1"),
        ]
    ]
    assert page.links == {
        "+7 727 000 0000": "tel:+77270000000",
        "info@example.kz": "mailto:info@example.kz",
        "Анықтама": "/help/",
        "Өтінім беру": "/applications/",
        "Өз ауданыңыздағы бөлімше": "/branches/",
    }


def test_contacts_in_russian(client, home):
    client.cookies["django_language"] = "ru"
    page = see(client, CONTACTS)
    assert page.heading == "Контакт-центр"
    assert page.facts == [
        [
            ("Телефон", "+7 727 000 0000"),
            ("E-mail", "info@example.kz"),
            ("Адрес", "г. Алматы, ул. Образцовая, 1"),
        ]
    ]


@pytest.mark.parametrize("path", [CONTACTS, BRANCHES])
def test_nothing_is_loaded_yet(client, db, path):
    page = see(client, path)
    told = {
        CONTACTS: "Жеткізушінің байланыс деректері әлі жүктелген жоқ.",
        BRANCHES: "Бөлімшелер әлі жүктелген жоқ.",
    }
    assert page.status == 200
    assert [text(each) for each in page.all("p.note")] == [told[path]]


def test_branches_for_anybody(client, home, far):
    page = see(client, BRANCHES)
    assert page.heading == "«Алтын Дала Энерго» ЖШС аудандық бөлімшелері (АЭЖБ)"
    assert [text(each) for each in page.all("h2")][:2] == ["Медеу АЭЖБ", "Алмалы АЭЖБ"]
    assert page.facts == [
        [
            ("Мекенжайы", "Алматы қ., Достық даңғ., 9"),
            ("Телефон", "+7 727 000 0009"),
            ("Жұмыс уақыты", "Дс–Жм 8:30–17:30"),
        ],
        [
            ("Мекенжайы", "Алматы қ., Үлгі көшесі, 2"),
            ("Телефон", "+7 727 000 0001"),
            ("Жұмыс уақыты", "Дс–Жм 8:30–17:30"),
        ],
    ]
    assert page.links["+7 727 000 0009"] == "tel:+77270000009"


def test_the_own_branch_stands_first(client, home, far):
    for user in (home.owner, home.second):
        assert [text(each) for each in see(client, BRANCHES, user).all("h2")][:2] == [
            "Алмалы АЭЖБ ✓ Сіздің бөлімшеңіз",
            "Медеу АЭЖБ",
        ]


def test_whoever_holds_nothing_has_no_branch(client, home, far):
    for user in (home.former, home.suspended, home.support):
        assert [text(each) for each in see(client, BRANCHES, user).all("h2")][:2] == [
            "Медеу АЭЖБ",
            "Алмалы АЭЖБ",
        ]


def test_which_account_belongs_to_which_branch(client, home, far):
    other = PersonalAccountFactory(number="000000303", branch=far)
    home.owner.holdings.create(account=other)
    page = see(client, BRANCHES, home.owner)
    assert [text(each) for each in page.all("p.quiet")][:2] == [
        "Дербес шот: 000000303",
        "Дербес шот: 000000101",
    ]
    assert "000000303" not in see(client, BRANCHES, home.stranger).content


def test_a_notice_of_ours(client, home, far):
    BranchNoticeFactory(branch=far)
    notices = [text(each) for each in see(client, BRANCHES).all("p.branch-notice")]
    assert notices == ["! Кіретін есік ауланың ішінде."]
    client.cookies["django_language"] = "ru"
    notices = [text(each) for each in see(client, BRANCHES).all("p.branch-notice")]
    assert notices == ["! Вход со двора."]


def test_markup_in_a_notice_stays_text(client, home, far):
    BranchNoticeFactory(branch=far, text_kk="<b>Жабық</b>{{ 7 * 7 }}")
    page = see(client, BRANCHES)
    (notice,) = page.all("p.branch-notice")
    assert text(notice) == "! <b>Жабық</b>{{ 7 * 7 }}"
    assert list(notice.iter("b")) == []


def test_the_information_area(client, home):
    (aside,) = see(client, CONTACTS).all("aside.information")
    assert [text(each) for each in aside.iter("h2")] == [
        "Контакт-орталығы",
        "«Алтын Дала Энерго» ЖШС аудандық бөлімшелері (АЭЖБ)",
    ]
    assert [(text(each), each.get("href")) for each in aside.iter("a")] == [
        ("Контакт-орталығы", "/contacts/"),
        ("+7 727 000 0000", "tel:+77270000000"),
        ("info@example.kz", "mailto:info@example.kz"),
        ("«Алтын Дала Энерго» ЖШС аудандық бөлімшелері (АЭЖБ)", "/branches/"),
        ("+7 727 000 0001", "tel:+77270000001"),
        ("Электрондық түбіртекке жазылу", "/e-receipt/"),
        ("Анықтама", "/help/"),
        ("Сайт картасы", "/site-map/"),
    ]


def test_many_branches_are_folded(client, home):
    for number in range(5):
        BranchFactory(code=f"B{number}")
    memory.forget()
    (aside,) = see(client, CONTACTS).all("aside.information")
    assert list(aside.iter("details")) == []
    BranchFactory(code="B5")
    memory.forget()
    (aside,) = see(client, CONTACTS).all("aside.information")
    (folded,) = aside.iter("details")
    assert text(select(folded, "summary")[0]) == "7 бөлімшенің телефондары"
    assert len(select(folded, "li")) == 7


def test_the_site_map(client, home):
    page = see(client, SITE_MAP, home.owner)
    assert page.links == {
        "Қолжетімді дербес шоттар": "/accounts/",
        "Дербес шот бойынша ақпарат": "/",
        "Қызметтер бойынша ақпарат": "/",
        "Электр энергиясы бойынша төлемдерді есептеу": "/",
        "Төлемдер": "/",
        "Түбіртектер": "/",
        "Өтінім беру": "/applications/",
        "Жаңа дербес шотты қосу": "/accounts/add/",
        "Осы үйге қай тариф түрі тиімді?": "/",
        "Электрондық түбіртекке жазылу": "/e-receipt/",
        "Есептік калькулятор": "/calculator/",
        "Бұл құжат шынайы ма?": "/verify/",
        "Анықтама": "/help/",
        "Контакт-орталығы": "/contacts/",
        "Аудандық бөлімшелер (АЭЖБ)": "/branches/",
        "Құпиясөзді өзгерту": "/settings/password/",
        "E-mail мекенжайын өзгерту": "/settings/email/",
        "Дербес баптаулар": "/settings/profile/",
        "Екі қадамды кіру": "/settings/two-step/",
        "Сеанстар": "/settings/sessions/",
        "Кім қарады": "/settings/looks/",
        "Менің деректерім": "/settings/data/",
        "Келісіміңіздің мәтіні": "/consent/",
    }
    assert {client.get(path, follow=True).status_code for path in page.links.values()} == {200}


def test_the_site_map_of_staff(client, home):
    page = see(client, SITE_MAP, home.support)
    assert page.links["Жеке кабинет: қолдау қызметі"] == "/admin/"


def test_queries(client, home, far):
    """The same however many branches there are; of signed-in users one more for theirs."""
    for number in range(20):
        BranchNoticeFactory(branch=BranchFactory(code=f"B{number:02}"))
    assert asks.queries(client, CONTACTS) == 0
    assert asks.queries(client, BRANCHES) == 1
    client.force_login(home.owner)
    assert asks.queries(client, CONTACTS) == 2
    assert asks.queries(client, BRANCHES) == 4
    assert asks.queries(client, SITE_MAP) == 2


def test_the_supplier_is_the_one_that_issues(client, home):
    Supplier.objects.create(
        code="ZZZ", name_kk="Басқа", name_ru="Другой", bin="0" * 12, kbe="17", phone="+7 700",
        iik="KZ639990KZT000000002", bik="ADLBKZKA",
    )  # fmt: skip
    memory.forget()
    assert "+7 700" not in see(client, CONTACTS).links
