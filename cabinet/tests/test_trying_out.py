"""Commands for trying out: they make people, though never in production unasked."""

import re
from io import StringIO

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command
from django.utils import translation

from accounts.models import User
from accounts.tests.factories import PASSWORD, UserFactory
from billing.models import Holding, PersonalAccount
from billing.tests.factories import PersonalAccountFactory
from cabinet.tests import people


def make_resident(login="aigul", email="aigul@example.kz", account=(), **options):
    out = StringIO()
    with translation.override("ru"):
        call_command(
            "create_resident",
            login=login,
            email=email,
            password=PASSWORD,
            name="Айгүл Сәкенқызы",
            account=list(account),
            stdout=out,
            **options,
        )
    return out.getvalue()


def test_residents_are_not_made_in_production(db):
    with pytest.raises(CommandError) as error:
        make_resident()
    assert str(error.value) == (
        "Это для пробы (DEMO или DEBUG). Чтобы всё же выполнить, добавьте --force."
    )
    assert not User.objects.exists()
    make_resident(force=True)
    assert User.objects.get().login == "aigul"


@pytest.mark.parametrize("mode", ["DEMO", "DEBUG"])
def test_a_resident_is_made(mode, db, settings, client):
    setattr(settings, mode, True)
    numbers = [PersonalAccountFactory(number=number).number for number in ("0000303", "0000404")]
    assert make_resident(account=numbers) == "Потребитель создан: aigul\n"
    user = User.objects.get()
    assert list(user.accounts.values_list("number", flat=True)) == numbers
    assert (user.is_staff, user.is_superuser) == (False, False)
    assert EmailAddress.objects.get(user=user, verified=True, primary=True).email == user.email
    assert client.login(username="Aigul@example.kz", password=PASSWORD)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"login": "AIGUL"}, "Этот логин занят."),
        ({"login": "aigul"}, "Этот логин занят."),
        ({"email": "AIGUL@example.kz"}, "Этот адрес e-mail занят."),
        ({"account": ["000000101", "999", "998"]}, "Такого лицевого счёта нет: 998, 999."),
        ({"login": "ай гүл"}, "От 3 до 64 латинских букв, цифр, точек, дефисов и подчёркиваний."),
        ({"email": "нет"}, "Введите правильный адрес e-mail."),
    ],
)
def test_who_cannot_be_made_leaves_nothing(wrong, message, db, settings):
    settings.DEMO = True
    PersonalAccountFactory(number="000000101")
    UserFactory(login="aigul", email="aigul@example.kz")
    good = {"login": "bolat", "email": "bolat@example.kz", "account": ["000000101"]}
    with pytest.raises(CommandError) as error:
        make_resident(**{**good, **wrong})
    assert message in str(error.value)
    assert (User.objects.count(), Holding.objects.count()) == (1, 0)
    make_resident(**good)


def test_demo_data_are_not_loaded_in_production(db):
    with pytest.raises(CommandError, match="DEMO=1"):
        call_command("load_demo")
    assert not User.objects.exists()
    assert not PersonalAccount.objects.exists()


def test_the_demo_makes_its_people_once(db, settings, client):
    settings.DEMO = True
    people.make_groups()

    def load():
        out = StringIO()
        call_command("load_demo", stdout=out)
        return (
            out.getvalue(),
            [*User.objects.order_by("pk").values()],
            [*Holding.objects.order_by("pk").values()],
            PersonalAccount.objects.count(),
        )

    first = load()
    assert load() == first
    assert {user["login"] for user in first[1]} == {
        *("aigul", "nurlan", "operator", "biller", "supervisor")
    }
    told = re.findall(r"^([a-z ]+) (\w+), password (\S+),", first[0], re.MULTILINE)
    assert [(kind, login) for kind, login, _password in told] == [
        ("resident", "aigul"),
        ("resident", "nurlan"),
        ("operator", "operator"),
        ("billing operator", "biller"),
        ("supervisor", "supervisor"),
    ]
    for _kind, login, password in told:
        assert client.login(username=login, password=password)
    operator = User.objects.get(login="operator")
    assert operator.has_perm("billing.view_personalaccount")
    assert not operator.has_perm("accounts.manage_user")
    assert not operator.is_superuser
