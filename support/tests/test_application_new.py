"""«Өтінім беру»: the kinds to choose from, a form of each, drafts, and sending."""

import datetime as dt
import re

import pytest

from accounts.models import AuditEntry
from accounts.tests.factories import UserFactory
from accounts.tests.test_letters import written
from billing.tests.factories import HoldingFactory, PersonalAccountFactory, ReadingFactory
from cabinet import memory
from cabinet.tests import people
from cabinet.tests.asks import LONG, NUL, queries
from cabinet.tests.pages import Page, text
from support.models import Application, Change, Kind
from support.tests.factories import ANSWERS, MUST, ApplicationFactory, DraftFactory, make_kinds
from support.tests.file_factories import kept_in, uploaded
from support.tests.samples import archive, jpeg, pdf

pytestmark = pytest.mark.django_db

LIST = "/applications/"
OPTIONAL = "(міндетті емес)"
REQUIRED = "Бұл өрісті толтырыңыз."


@pytest.fixture(scope="module")
def home(django_db_setup, django_db_blocker):
    with people.lasting_household(django_db_blocker, 4) as home:
        make_kinds()
        yield home


@pytest.fixture
def owner(client, home):
    client.force_login(home.owner)
    return home.owner


@pytest.fixture
def homeless(client):
    """Somebody without any account."""
    user = UserFactory(login="homeless")
    client.force_login(user)
    return user


def form(code):
    return f"/applications/new/{code}/"


def send(client, code, how="submit", **more):
    answers = {**ANSWERS[code], **({"files": [uploaded(pdf())]} if code in MUST else {}), **more}
    return client.post(form(code), {**answers, how: "yes"})


def told(client, response):
    """What the page that the answer leads to says of it."""
    page = Page(client.get(response.url))
    return [text(each) for box in page.all("ul.messages") for each in box.iter("li")]


# The list


def test_the_kinds(client, owner):
    page = Page(client.get(LIST))
    assert page.heading == "Өтінім беру"
    (choices,) = page.all("ul.choices")
    assert [text(link) for link in choices.iter("a")] == [
        "Тұратындардың саны өзгерді",
        "Тұрғын үйдің иесі ауысты",
        "Тарифті ауыстыру",
        "Көрсеткішті түзету",
        "Қайта есептеу",
        "Төлем көрсетілмеген",
        "Артық төлемді қайтару",
        "Қағаз түбіртек",
        "Есептегішті ауыстыру немесе тексеру",
        "Шотымды қоса алмаймын",
        "Басқа сұрақ",
    ]


def test_without_an_account_what_needs_none(client, homeless):
    (choices,) = Page(client.get(LIST)).all("ul.choices")
    assert [text(link) for link in choices.iter("a")] == ["Шотымды қоса алмаймын", "Басқа сұрақ"]
    page = Page(client.get(form("refund")))
    assert page.links["Жаңа дербес шотты қосу"] == "/accounts/add/"
    assert page.values == {}


def test_a_kind_that_is_offered_no_more(client, owner):
    """Its drafts wait until it is offered again."""
    DraftFactory(user=owner, kind_id="refund")
    assert "Қараламалар" in Page(client.get(LIST)).content
    Kind.objects.filter(pk="refund").update(is_offered=False)
    assert client.get(form("refund")).status_code == 404
    assert send(client, "refund").status_code == 404
    page = Page(client.get(LIST))
    assert "Қараламалар" not in page.content
    assert form("refund") not in page.links.values()


@pytest.mark.parametrize("code", ["nothing", "%00", "a" * 200])
def test_a_kind_that_there_is_not(client, owner, code):
    assert client.get(form(code)).status_code == 404


def test_queries_do_not_grow_with_applications(client, owner, home):
    send(client, "other")
    send(client, "access", how="save")
    few = queries(client, LIST)
    for code in ANSWERS.keys() - {"other", "access"}:
        ApplicationFactory(user=owner, kind_id=code, account=home.account)
        DraftFactory(user=owner, kind_id=code)
    assert Application.objects.count() == 2 + 2 * 9
    assert queries(client, LIST) == few


# The form


ASKED = {
    "residents": ["Тұрақты тұратындардың саны", "Қай күннен бастап"],
    "owner": ["Жаңа иесінің ТАӘ", "Қай күннен бастап"],
    "plan": ["Қалаған тариф", "Қай күннен бастап"],
    "reading": ["Есептегіш", "Дұрыс көрсеткіш", "Көрсеткіш алынған күн"],
    "recalculation": ["Ай"],
    "payment": ["Төленген күні", "Төлемнің сомасы", "Төленген банк немесе орын"],
    "refund": ["Қайтарылатын сома", "Қайтарылатын банк шоты (ЖСК)"],
    "paper": ["қағаз түрінде тағы бір көшірме", "қағаз түбіртек енді керек емес"],
    "meter": [
        *("Есептегіш", "есептегішті ауыстыру", "дұрыс санайтынын тексеру"),
        "салыстырып тексеру",
    ],
    "access": [f"Қосылмай тұрған шоттың нөмірі {OPTIONAL}"],
    "other": [],
}
WITHOUT_FILES = {"plan", "paper"}


@pytest.mark.parametrize("code", ASKED)
def test_what_a_kind_asks(client, owner, code):
    page = Page(client.get(form(code)))
    labels = [text(label) for label in page.find("main").iter("label")]
    more = [f"Тағы не айтқыңыз келеді {OPTIONAL}" if ASKED[code] else "Сұрағыңыз"]
    if code not in WITHOUT_FILES:
        more.append("Файлдар тіркеу" if code in MUST else f"Файлдар тіркеу {OPTIONAL}")
    assert labels == [*ASKED[code], *more]
    assert page.heading == Kind.objects.get(pk=code).name_kk


def test_what_is_known_is_filled_in(client, owner):
    known = {
        "plan": {"plan": "flat", "since": "2026-04-10"},
        "reading": {"meter": "", "reading": "", "reading_on": "2026-04-10"},
    }
    for code, values in known.items():
        page = Page(client.get(form(code)))
        assert {name: page.values[name] for name in values} == values
    assert "Қазір: сараланған тариф" in Page(client.get(form("plan"))).content
    assert "Жеткізушіде тіркелгені: 3" in Page(client.get(form("residents"))).content
    told = Page(client.get(form("reading"))).content
    assert "Белгілі соңғы көрсеткіш: 12_237, 25.03.2026" in told


def test_the_last_reading_is_of_a_meter_that_is_there(client, owner, home):
    gone = home.account.meters.get(serial="111")
    ReadingFactory(meter=gone, value=9, taken_on=dt.date(2024, 5, 20))
    told = Page(client.get(form("reading"))).content
    assert "Белгілі соңғы көрсеткіш: 12_237, 25.03.2026" in told


def test_other_pages_fill_it_in(client, owner):
    page = Page(client.get(form("recalculation"), {"month": "2025-12", "account": "000000101"}))
    assert page.values["month"] == "2025-12"


WAYS = {
    "": "reading/?account=000000101",
    "services/2026-03/": "recalculation/?account=000000101&month=2026-03",
    "payments/": "payment/?account=000000101",
}


@pytest.mark.parametrize(("page", "leads"), WAYS.items())
def test_pages_lead_here_as_long_as_it_is_offered(client, owner, page, leads):
    path, to = f"/accounts/000000101/{page}", f"/applications/new/{leads}"
    assert to in Page(client.get(path)).links.values()
    assert Page(client.get(to)).values  # a form, and no question about which account
    Kind.objects.filter(pk=leads.split("/")[0]).update(is_offered=False)
    memory.forget()
    assert to not in Page(client.get(path)).links.values()


def test_who_cannot_add_an_account_is_led_here(client, homeless):
    wrong = {"number": "000000999", "paid_on": "2026-04-01", "amount": "1"}
    page = Page(client.post("/accounts/add/", wrong))
    assert LIST in page.links.values()
    assert form("access") in Page(client.get(LIST)).links.values()


@pytest.mark.parametrize("account", ["000000202", "000000999", "0", LONG, NUL, "<b>"])
def test_only_about_an_account_of_ones_own(client, owner, home, account):
    """The stranger's, or none: it is asked which one."""
    for method in (client.get, client.post):
        page = Page(method(f"{form('recalculation')}?account={account}"))
        assert "000000202" not in page.content
        assert page.values == {}
    assert Application.objects.count() == 0


def test_which_account(client, owner, home):
    HoldingFactory(user=owner, account=PersonalAccountFactory(number="000000303"))
    page = Page(client.get(form("paper")))
    assert [each for each in page.links if each.startswith("0000")] == ["000000101", "000000303"]
    assert page.links["000000303"] == "?account=000000303"
    response = client.post(
        f"{form('paper')}?account=000000303", {**ANSWERS["paper"], "submit": "1"}
    )
    sent = owner.applications.get()
    assert (response.url, sent.account.number) == (f"{LIST}{sent.number}/", "000000303")


def test_until_when_it_is_answered(client, owner):
    """In calendar days, or in working days as the kind says."""
    assert "2026 ж. 20 сәуір" in Page(client.get(form("paper"))).content
    assert "2026 ж. 4 мамыр" in Page(client.get(form("refund"))).content


# Sending


@pytest.mark.parametrize("code", ANSWERS)
def test_send(client, owner, home, code):
    response = send(client, code)
    sent = owner.applications.get()
    assert response.url == f"/applications/{sent.number}/"
    assert told(client, response) == [f"Өтінім тіркелді. Нөмірі: {sent.number}"]
    assert re.fullmatch(r"2026-\d{6}", sent.number)
    assert sent.registered_at == dt.datetime(2026, 4, 10, 5, tzinfo=dt.UTC)
    needs = Kind.objects.get(pk=code).needs_account
    branch = home.account.branch_id if needs else ""
    assert (sent.state, sent.kind_id, sent.language) == ("registered", code, "kk")
    assert (sent.account, sent.branch) == (home.account if needs else None, branch)
    assert sent.attachments.count() == (code in MUST)
    about = AuditEntry.objects.get(action="application_submit")
    assert (about.subject_login, about.about) == ("owner", {"application": sent.number})
    assert about.account_number == (home.account.number if needs else "")
    assert written() == [("application", "owner@example.kz")]
    change = Change.objects.get()
    assert (change.actor, change.what, change.before, change.after, change.by_staff) == (
        *(owner, "submit", "draft", "registered"),
        False,
    )


KEPT = {
    "residents": {"residents": 3, "since": "2026-04-01"},
    "owner": {"new_owner": "Сейітқали Ғалым", "since": "2026-04-01"},
    "plan": {"plan": "flat", "since": "2026-05-01"},
    "reading": {"meter": "222", "reading": "12300.5", "reading_on": "2026-04-09"},
    "recalculation": {"month": "2026-03"},
    "payment": {"paid_on": "2026-04-08", "amount": "4500.50", "bank": "Құлагер Банк"},
    "refund": {"amount": "1500", "iban": "KZ63 9990 KZT0 0000 0001"},
    "paper": {"paper": "none"},
    "meter": {"meter": "222", "visit": "verify"},
    "access": {"number": "000000999"},
    "other": {},
}
IN_WORDS = {
    "residents": [("Тұрақты тұратындардың саны", "3"), ("Қай күннен бастап", "01.04.2026")],
    "owner": [("Қай күннен бастап", "01.04.2026"), ("Жаңа иесінің ТАӘ", "Сейітқали Ғалым")],
    "plan": [("Қай күннен бастап", "01.05.2026"), ("Қалаған тариф", "орташа босату тарифі")],
    "reading": [
        *(("Есептегіш", "222"), ("Дұрыс көрсеткіш", "12_300,5")),
        ("Көрсеткіш алынған күн", "09.04.2026"),
    ],
    "recalculation": [("Ай", "2026 ж. наурыз")],
    "payment": [
        *(("Төленген күні", "08.04.2026"), ("Сома", "4_500,50_₸")),
        ("Төленген банк немесе орын", "Құлагер Банк"),
    ],
    "refund": [
        *(("Сома", "1_500,00_₸"), ("Қайтарылатын банк шоты (ЖСК)", "KZ63 9990 KZT0 0000 0001")),
    ],
    "paper": [("Не қалайсыз", "қағаз түбіртек енді керек емес")],
    "meter": [("Есептегіш", "222"), ("Не істеу керек", "салыстырып тексеру")],
    "access": [("Қосылмай тұрған шоттың нөмірі", "000000999")],
    "other": [],
}


@pytest.mark.parametrize("code", ANSWERS)
def test_what_was_answered_is_shown(client, owner, code):
    response = send(client, code)
    assert owner.applications.get().data == KEPT[code]
    (facts,) = Page(client.get(response.url)).facts
    assert [fact for fact in facts if fact[0] not in ("Тіркелді", "Дербес шот нөмірі")] == IN_WORDS[
        code
    ]


def test_numbers_never_come_again(client, owner):
    first = send(client, "paper").url
    owner.applications.all().delete()
    second = send(client, "paper").url
    assert first < second


WRONG = {
    "residents": [
        ({"residents": "0"}, "1-ден 99-ға дейінгі сан жазыңыз."),
        ({"residents": "100"}, "1-ден 99-ға дейінгі сан жазыңыз."),
        ({"residents": "көп"}, "1-ден 99-ға дейінгі сан жазыңыз."),
        ({"residents": ""}, REQUIRED),
        ({"since": "31.02.2026"}, "Күнді былай жазыңыз: 05.03.2025."),
    ],
    "plan": [({"plan": "free"}, None), ({"plan": ""}, REQUIRED)],
    "reading": [
        ({"meter": "111"}, None),  # taken away
        ({"reading": "көп"}, "Көрсеткішті сан түрінде енгізіңіз"),
        ({"reading_on": "2026-04-11"}, "Бұл күн әлі келген жоқ."),
    ],
    "recalculation": [({"month": "2026-04"}, None)],
    "payment": [
        ({"paid_on": "2026-04-11"}, "Бұл күн әлі келген жоқ."),
        ({"amount": "көп"}, "Соманы цифрмен жазыңыз: 4500 немесе 4500,50."),
        ({"amount": "0,00"}, "Сома 0-ден көп болуы керек."),
        ({"bank": " "}, REQUIRED),
    ],
    "refund": [
        ({"amount": "0"}, "Сома 0-ден көп болуы керек."),
        *(
            ({"iban": wrong}, "Нөмірде қате бар: тағы бір салыстырып шығыңыз.")
            for wrong in ("KZ639990KZT000000002", "63", "DE89370400440532013000", "KZ" + "9" * 19)
        ),
    ],
    "paper": [({"paper": "gold"}, None)],
    "access": [
        ({"number": "12a"}, "Нөмір 4–20 цифрдан тұрады, әріп болмайды."),
        ({"text": ""}, None),
    ],
    "other": [({"text": " "}, REQUIRED), ({"text": f"а{NUL}"}, None)],
}


@pytest.mark.parametrize(
    ("code", "wrong", "message"),
    [
        (code, wrong, message)
        for code, cases in WRONG.items()
        for wrong, message in cases
        if (code, wrong) != ("access", {"text": ""})
    ],
    ids=str,
)
def test_what_is_wrong_is_told_beside_the_field(client, owner, code, wrong, message):
    """Nothing is sent, and what was typed is still there, in the draft too."""
    page = Page(send(client, code, **wrong))
    (name,) = wrong
    assert page.status == 400
    assert list(page.beside) == [name]
    if message:
        assert page.beside[name] == message
    draft = owner.applications.get()
    assert (draft.state, draft.number) == ("draft", None)
    assert draft.data[name] == wrong[name].replace(NUL, "")
    assert (written(), Change.objects.count()) == ([], 0)


def test_a_file_is_missing(client, owner):
    page = Page(client.post(form("residents"), {**ANSWERS["residents"], "submit": "yes"}))
    assert (page.status, page.beside) == (400, {"files": "Кемінде бір файл тіркеңіз."})
    assert owner.applications.get().state == "draft"


def test_a_file_that_is_none(client, owner, folder):
    """The good one is kept with the draft, and nothing is sent."""
    some = [uploaded(pdf(), "анықтама.pdf"), uploaded(archive(), "run.pdf")]
    page = Page(send(client, "other", files=some))
    assert page.status == 400
    assert [each.split(":")[0] for each in page.summary] == ["run.pdf"]
    draft = owner.applications.get()
    assert [each.name for each in draft.attachments.all()] == ["анықтама.pdf"]
    assert len(kept_in(folder)) == 1


def test_a_kind_that_takes_no_files(client, owner):
    send(client, "paper", files=[uploaded(pdf())])
    assert owner.applications.get().attachments.count() == 0


def test_a_text_that_is_too_long(client, owner):
    page = Page(send(client, "other", text="ә" * 5001))
    assert (page.status, list(page.beside)) == (400, ["text"])
    assert send(client, "other", text="ә" * 5000).status_code == 302


def test_markup_is_text(client, owner):
    text = "<script>alert('&amp;')</script> {{ 7 * 7 }}\n\nЕкінші"
    page = Page(client.get(send(client, "other", text=text).url))
    (said,) = page.all("div.message")
    assert [each.text for each in said.iter("p")][1:] == text.split("\n\n")


# Drafts


def test_a_draft_is_kept_and_gone_on_with(client, owner):
    response = send(client, "payment", how="save", bank="", amount="көп")
    assert (response.url, told(client, response)) == (form("payment"), ["Қаралама сақталды"])
    page = Page(client.get(LIST))
    assert page.links["Жалғастыру"] == f"{form('payment')}?account=000000101"
    page = Page(client.get(form("payment")))
    shown = {name: page.values[name] for name in ("paid_on", "amount", "bank")}
    assert shown == {"paid_on": "2026-04-08", "amount": "көп", "bank": ""}
    assert "Бұл – сіздің қараламаңыз, сақталған уақыты: 10.04.2026 10:00." in page.content
    assert written() == []
    assert not AuditEntry.objects.filter(action="application_submit").exists()


def test_it_is_replaced_by_what_is_saved_later_and_gone_once_sent(client, owner):
    send(client, "paper", how="save", text="Бірінші")
    send(client, "paper", how="save", text="Екінші")
    assert owner.applications.get().text == "Екінші"
    send(client, "paper")
    assert owner.applications.get().state == "registered"
    assert "Қараламалар" not in Page(client.get(LIST)).content


def test_each_account_has_its_own(client, owner, home):
    other = HoldingFactory(user=owner, account=PersonalAccountFactory(number="000000303")).account
    for account, said in ((home.account, "Бірінші"), (other, "Екінші")):
        path = f"{form('paper')}?account={account.number}"
        client.post(path, {**ANSWERS["paper"], "text": said, "save": "yes"})
    for account, said in ((home.account, "Бірінші"), (other, "Екінші")):
        page = Page(client.get(f"{form('paper')}?account={account.number}"))
        (area,) = page.all("textarea")
        assert area.text.strip() == said
    links = {each.get("href") for each in Page(client.get(LIST)).root.iter("a")}
    assert {f"{form('paper')}?account={each.number}" for each in (home.account, other)} <= links
    assert Page(client.get(form("paper"))).values == {}  # it is asked which account


def test_it_is_deleted(client, owner, folder, django_capture_on_commit_callbacks):
    """With its files; only what was saved can be."""
    assert "Қараламаны жою" not in Page(client.get(form("other"))).content
    send(client, "other", how="save", files=[uploaded(pdf())])
    assert "Қараламаны жою" in Page(client.get(form("other"))).content
    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(form("other"), {"text": "Жаңа", "discard": "yes"})
    assert (response.url, told(client, response)) == (LIST, ["Қаралама жойылды"])
    assert (owner.applications.count(), kept_in(folder)) == (0, [])


def test_what_was_sent_is_not_deleted_as_a_draft(client, owner):
    send(client, "other")
    client.post(form("other"), {"discard": "yes"})
    assert owner.applications.get().state == "registered"


def test_its_files(client, owner, folder):
    """Kept, handed out, and taken away."""
    content = pdf()
    send(client, "other", how="save", files=[uploaded(content, "а.pdf"), uploaded(jpeg(), "б.jpg")])
    page = Page(client.get(form("other")))
    assert [each for each in page.links if each[1:2] == "."] == ["а.pdf", "б.jpg"]
    response = client.get(page.links["а.pdf"])
    assert b"".join(response) == content
    first = owner.applications.get().attachments.get(name="а.pdf")
    client.post(form("other"), {"text": "Неге?", "remove": str(first.pk)})
    left = owner.applications.get()
    assert [each.name for each in left.attachments.all()] == ["б.jpg"]
    assert left.text == "Неге?"


@pytest.mark.parametrize("key", ["nothing", "00000000-0000-0000-0000-000000000000", NUL])
def test_a_file_that_is_not_there_is_not_taken_away(client, owner, key):
    send(client, "other", how="save", files=[uploaded(pdf())])
    client.post(form("other"), {"text": "Неге?", "remove": key})
    assert owner.applications.get().attachments.count() == 1


def test_nobody_else_sees_them(client, owner, home):
    send(client, "paper", how="save", text="Құпия")
    send(client, "access", how="save", files=[uploaded(pdf())])
    (file,) = owner.applications.get(kind="access").attachments.all()
    for other in (home.second, home.stranger, home.support, home.supervisor):
        client.force_login(other)
        assert client.get(f"/applications/files/{file.pk}/").status_code == 404
        for page in (LIST, form("paper"), form("access")):
            assert "Құпия" not in Page(client.get(page)).content
        client.post(form("access"), {"text": "Неге?", "remove": str(file.pk)})
    assert owner.applications.get(kind="access").attachments.count() == 1


def test_staff_see_no_draft(client, owner, home):
    send(client, "paper", how="save")
    client.force_login(home.supervisor)
    draft = owner.applications.get()
    admin = "/admin/support/application/"
    assert "000000101" not in Page(client.get(f"{admin}?which=all")).root.itertext()
    assert client.get(f"{admin}{draft.pk}/change/").url == "/admin/"
    assert client.post(f"{admin}{draft.pk}/take/", {"seen": "draft"}).status_code == 404


def test_a_draft_about_an_account_that_was_removed(client, owner, home):
    send(client, "paper", how="save")
    owner.holdings.all().delete()
    page = Page(client.get(form("paper")))
    assert (page.values, home.account.number in page.content) == ({}, False)


@pytest.mark.parametrize("field", ["text", "iban", "amount"])
def test_a_nul_in_a_draft(client, owner, field):
    assert send(client, "refund", how="save", **{field: f"1{NUL}2"}).status_code == 302
    assert owner.applications.get().data[field] == "12"


# Against abuse


def test_ten_a_day(client, homeless):
    """Also of somebody without an account; the eleventh stays a draft until tomorrow."""
    answers = [send(client, "access", text=f"{n}-сұрақ").status_code for n in range(11)]
    assert answers == [302] * 10 + [429]
    assert homeless.applications.filter(state="registered").count() == 10
    assert homeless.applications.get(state="draft").text == "10-сұрақ"


def test_a_wrong_form_does_not_count(client, homeless):
    for _time in range(15):
        assert send(client, "other", text="").status_code == 400
    assert send(client, "other").status_code == 302


def test_the_same_sent_twice_is_one_application(client, owner, monkeypatch):
    """A button pressed twice, or the way back and sent again; later it is another one."""
    content = pdf()
    both = (send(client, "residents", files=[uploaded(content)]) for _time in range(2))
    first, second = (answer.url for answer in both)
    assert first == second
    assert [each.state for each in owner.applications.all()] == ["registered"]
    assert written() == [("application", "owner@example.kz")]
    assert send(client, "residents", residents="4").url != first
    people.at(people.TODAY + dt.timedelta(days=1), monkeypatch)
    assert send(client, "residents").url != first


def test_with_a_further_file_it_is_not_the_same(client, owner):
    first = send(client, "other").url
    second = send(client, "other", files=[uploaded(pdf())]).url
    assert first != second
    assert owner.applications.count() == 2


def test_what_was_withdrawn_may_be_sent_again(client, owner):
    first = send(client, "other").url
    client.post(first, {"do": "withdraw"})
    assert send(client, "other").url != first
