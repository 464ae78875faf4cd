"""New passwords: what is refused, with the reason, what is not; and how they are hashed."""

import os
import random
import subprocess
import sys

import pytest
from argon2 import PasswordHasher, Type, extract_parameters
from django.conf import settings
from django.contrib.auth.password_validation import (
    get_default_password_validators,
    validate_password,
)
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from accounts import breached, passwords
from accounts.models import User
from accounts.tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db  # words of the cabinet may come from the database

GOOD = "Tal qaiyng terek 7"
LETTERS = "абвгдежзийклмнопрстуфхцчшщъыьэюяәіңғүұқөһabcdefghijklmnopqrstuvwxyz"


@pytest.fixture
def aigul():
    return User(login="saule_77", email="aigul.s@dala.kz", full_name="Ысқақова Іңкәр Әшімқызы")


@pytest.fixture
def supplier():
    """Another app has told the supplier's name."""

    def names():
        yield "ЖШС «Сарыарқа Қуаты»"

    passwords.CONTEXT.append(names)
    yield
    passwords.CONTEXT.remove(names)


def refusals(password, user=None):
    """The codes of the reasons, in order."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        return [reason.code for reason in error.error_list]
    return []


def reasons(password, user=None):
    """The reasons in full, untranslated."""
    with translation.override(None), pytest.raises(ValidationError) as caught:
        validate_password(password, user)
    return caught.value.messages


def arbitrary(length):
    """Letters without rhyme or reason, always the same ones."""
    return "".join(random.Random(length).choices(LETTERS, k=length))  # noqa: S311 - a sample


@pytest.mark.parametrize(
    ("length", "codes"),
    [
        (0, ["password_too_short"]),
        (9, ["password_too_short"]),
        (10, []),
        (128, []),
        (1000, []),
        (1001, ["password_too_long"]),
        (100_000, ["password_too_long"]),
    ],
)
def test_length(length, codes):
    assert refusals(arbitrary(length)) == codes


def test_length_is_that_of_code_points_not_bytes():
    assert refusals("🐎🔋🪫🍎🍏🍐🍊🍋🍌") == ["password_too_short"]
    assert refusals("🐎🔋🪫🍎🍏🍐🍊🍋🍌🍉") == []


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        PASSWORD,
        "түйе мінген қойшы",
        "зелёный кот ест суп",
        "жауқазын гүлдейді",
        "  two  spaces  ",
        "no\ttab\nor newline",
        "nul\0in the middle",
        "lone \ud800 surrogate",
        "onlylowercaseletters",
        "шотландиялық ит",
        "ijn-tal-qy",  # begins with «шот» on the Russian layout
    ],
)
def test_any_characters_and_no_composition(password):
    assert refusals(password) == []


@pytest.mark.parametrize(
    "password",
    [
        "aaaaaaaaaaaa",
        "😀😀😀😀😀😀😀😀😀😀",
        "          ",
        "0987654321",
        "ZYXWVUTSRQPO",
        "qwertyuiop[]",
        "йцукенгшщз",
        "әіңғүұқөһәіңғ",
        "абвгдеёжзи",
        "аәбвгғдеёжз",
        "qazaq1qazaq1",
        "terek terek",
        "112233445566",
        "qweasdzxcv",
        "terek12345",
    ],
)
def test_repeats_and_sequences(password):
    assert "password_regular" in refusals(password)


@pytest.mark.parametrize("password", ["terekqaraga", "terek talqai terek", "taltereq19"])
def test_neither_repeats_nor_sequences(password):
    assert refusals(password) == []


@pytest.mark.parametrize(
    ("password", "word"),
    [
        ("Ысқақова1990", "Ысқақова"),
        ("ысқақова1985072463", "Ысқақова"),
        ("YSQAQOVA_2024", "Ысқақова"),
        ("Yskakova2024!", "Ысқақова"),
        ("ысkакова2024", "Ысқақова"),
        ("!nkar!2024kz", "Іңкәр"),
        ("inkar2024inkar", "Іңкәр"),
        ("Әшімқызы tal", "Әшімқызы"),
        ("saule_77!2024", "saule_77"),
        ("2024$@ule2024", "saule"),
        ("aigul.s1990!", "aigul.s"),
        ("dala.kz-2024", "dala.kz"),
        ("Kabinet2024!", "кабинет"),
        ("k@b1n3t-2024", "кабинет"),
        ("cabinet#1234", "кабинет"),
        ("rf,bytn2024!", "кабинет"),
        ("лфиштуе2024!", "кабинет"),
        ("құпиясөз2024", "құпиясөз"),
        ("P@ssw0rd2024", "password"),
        ("@cc0unt-2024", "account"),
    ],
)
def test_words_of_the_person_and_of_the_cabinet(password, word, aigul):
    assert (
        f"Without «{word}» too little of this password is left. Choose one that has nothing to"
        " do with you and the cabinet, or make it longer."
    ) in reasons(password, aigul)


def test_the_reason_names_all_words(aigul):
    assert reasons("Электр-Іңкәр-шот", aigul) == [
        "Without «электр», «Іңкәр», «шот» too little of this password is left. Choose one that"
        " has nothing to do with you and the cabinet, or make it longer."
    ]


@pytest.mark.parametrize(
    ("password", "codes"), [("Іңкәрtkwvrbz", ["password_context"]), ("Іңкәрtkwvrbzd", [])]
)
def test_eight_characters_beside_a_name_are_enough(password, codes, aigul):
    assert refusals(password, aigul) == codes


@pytest.mark.parametrize(
    "password", ["Іңкәр кеше үйге келді", "terek kabinet talqaiyn", "Ысқақова tal qaiyng"]
)
def test_a_long_phrase_may_have_a_name_in_it(password, aigul):
    assert refusals(password, aigul) == []


def test_a_name_is_nothing_to_anybody_else(aigul):
    assert refusals("Ысқақова1990", aigul) == ["password_context"]
    assert refusals("Ысқақова1990", User(login="bolat", full_name="Болат")) == []
    assert refusals("Ысқақова1990") == []


def test_the_supplier(supplier):
    assert refusals("Saryarqa2024") == ["password_context"]
    assert refusals("Сарыарқа-Қуаты") == ["password_context"]


def test_the_supplier_is_told_by_another_app():
    assert refusals("Сарыарқа-Қуаты") == []


@pytest.mark.parametrize(
    "password",
    [
        "correcthorsebatterystaple",
        "CorrectHorseBatteryStaple",
        "ｃｏｒｒｅｃｔhorsebatterystaple",
        "kazakhstan",
        "Kazakhstan1!",
        "kazakhstan2031!",
        "Sunshine2024",
        "ghbdtnrfrltkf",
        "приветкакдела",
        "срщсщдфеу1",  # chocolate1 on the Russian layout
        "екатеринбург",
    ],
)
def test_breached(password):
    assert refusals(password) == ["password_breached"]


@pytest.mark.parametrize(
    "password", ["kazakhstan terek", "kazakhstan-2031!", "kazakhstan-48-73-19", "tal1kazakhstan9"]
)
def test_more_than_a_breached_password(password):
    assert refusals(password) == []


def test_every_reason_is_told():
    assert refusals("password12") == ["password_context", "password_breached"]
    assert refusals("1234567890") == ["password_regular", "password_breached"]


def test_help():
    with translation.override(None):
        assert [one.get_help_text() for one in get_default_password_validators()] == [
            "At least 10 characters, any: a few words with spaces do well.",
            "Not made of repeats and sequences.",
            "Not made of your name, login name, e-mail address or words of the cabinet.",
            "Not known from leaks of other sites.",
        ]


def test_reasons():
    assert reasons("tal") == ["This password is too short: it takes at least 10 characters."]
    assert reasons(arbitrary(1001)) == [
        "This password is too long: it takes at most 1000 characters."
    ]
    assert reasons("qazaq1qazaq1") == [
        "Without repeats and sequences, such as “aaa”, “1234” and “qwerty”, too little of this"
        " password is left."
    ]
    assert reasons("correcthorsebatterystaple") == [
        "This password, or one very much like it, is known from leaks. Choose another one."
    ]


WORD = st.text(st.sampled_from(LETTERS + "🐎🍎🔋"), min_size=3, max_size=9)


@given(st.sets(WORD, min_size=5, max_size=40))
def test_phrases_of_random_words_pass(words):
    assert refusals(" ".join(words)) == []


@given(st.text(max_size=2000), st.text(max_size=70), st.text(max_size=300), st.text(max_size=200))
def test_any_text_has_an_answer(password, login, email, full_name):
    assert set(refusals(password, User(login=login, email=email, full_name=full_name))) <= {
        "password_too_short",
        "password_too_long",
        "password_regular",
        "password_context",
        "password_breached",
    }


@given(st.text(st.sampled_from(LETTERS + "0123456789!-"), min_size=10))
def test_kin_has_no_further_kin(folded):
    """What the maker leaves out is refused by an entry that it keeps."""
    assert passwords.kin(passwords.kin(folded)) == passwords.kin(folded)


# The list


def test_the_list_that_is_built_in():
    known = breached.hashes(breached.LIST)
    assert len(known) == 1_419_312
    assert len(known) / 256**5 < breached.FALSE_ALARMS
    assert sum(passwords.sha1(str(n)) in known for n in range(100_000)) == 0


@given(st.sets(st.binary(min_size=20, max_size=20)))
def test_a_list_holds_what_was_written(tmp_path_factory, digests):
    path = tmp_path_factory.mktemp("list") / "list.bin"
    assert breached.write(path, sorted(digests), len(digests)) == len(digests)
    known = breached.Hashes(path)
    assert len(known) == len(digests)
    assert all(digest in known for digest in digests)
    assert bytes(20) in digests or bytes(20) not in known
    assert b"\xff" * 20 in digests or b"\xff" * 20 not in known


@pytest.mark.parametrize(
    ("most", "size"), [(0, 1), (1, 1), (167, 1), (168, 2), (42_949, 2), (42_950, 3), (10**9, 4)]
)
def test_entries_grow_with_the_list(most, size):
    assert breached.entry_size(most) == size


def test_a_hash_is_written_once(tmp_path):
    path = tmp_path / "list.bin"
    assert breached.write(path, [b"a" * 20, b"a" * 20, b"b" * 20], 3) == 2
    assert len(breached.Hashes(path)) == 2


def test_hashes_out_of_order(tmp_path):
    with pytest.raises(ValueError, match=r"^The hashes are not in order\.$"):
        breached.write(tmp_path / "list.bin", [b"b" * 20, b"a" * 20], 2)
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda content: content[:-1], "is not whole"),
        (lambda content: content + b"\0", "is not whole"),
        (lambda content: b"P" + content, "is no list of breached passwords"),
    ],
)
def test_a_file_that_is_no_list(change, said, tmp_path):
    path = tmp_path / "list.bin"
    breached.write(path, [b"a" * 20], 1)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(ValueError, match=said):
        breached.Hashes(path)


# A list from Pwned Passwords


@pytest.fixture
def download(tmp_path):
    """Three passwords, one of which leaked once, among others; lines end as in Windows."""
    counts = {"Tal-Qaiyng": 7, "Tal-qaiyng-once": 1, "талкайынтал": 2}
    counts |= {f"other {n}": n + 2 for n in range(1000)}
    lines = sorted(
        f"{passwords.sha1(password).hex().upper()}:{count}\r\n"
        for password, count in counts.items()
    )
    path = tmp_path / "pwned.txt"
    path.write_text("".join(lines), newline="")
    return path


def answer(password, longer):
    try:
        passwords.Breached(str(longer)).validate(password)
    except ValidationError as error:
        return error.code


def test_a_longer_list(download, tmp_path, capsys):
    longer = tmp_path / "longer.bin"
    call_command("breached_passwords", download, longer)
    assert capsys.readouterr().out == f"1003 passwords in {longer}\n"
    assert answer("Tal-Qaiyng", longer) == "password_breached"
    assert answer("Tal-qaiyng-once", longer) == "password_breached"
    assert answer("kazakhstan", longer) == "password_breached"  # the built-in list still counts
    assert answer("ТалКайынТал", longer) == "password_breached"
    assert answer("nfkrfqsynfk", longer) == "password_breached"  # on the other layout
    assert answer("tal-QAIYNG", longer) is None  # such a list knows no other capitals


def test_a_longer_list_of_what_leaked_often(download, tmp_path, capsys):
    longer = tmp_path / "longer.bin"
    call_command("breached_passwords", download, longer, seen=2)
    assert capsys.readouterr().out == f"1002 passwords in {longer}\n"
    assert answer("Tal-Qaiyng", longer) == "password_breached"
    assert answer("Tal-qaiyng-once", longer) is None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("<html>", "Line 1 is not a SHA-1 hash, a colon, a count."),
        (f"{'0' * 39}:1", "Line 1 is not a SHA-1 hash, a colon, a count."),
        (f"{'g' * 40}:1", "Line 1 is not a SHA-1 hash, a colon, a count."),
        (f"{'0' * 40}:x", "Line 1 is not a SHA-1 hash, a colon, a count."),
        (f"{'f' * 40}:1", "The hashes are not in order."),
    ],
)
def test_the_old_list_stays_when_the_download_is_none(line, said, download, tmp_path):
    longer = tmp_path / "longer.bin"
    longer.write_text("old")
    download.write_text(f"{line}\n{download.read_text()}")
    with pytest.raises(CommandError) as caught:
        call_command("breached_passwords", download, longer)
    assert str(caught.value) == said
    assert longer.read_text() == "old"
    assert {*tmp_path.iterdir()} == {longer, download}


def test_no_download(tmp_path):
    with pytest.raises(CommandError, match="No such file or directory"):
        call_command("breached_passwords", tmp_path / "none", tmp_path / "list")


def start(longer):
    """Reads the settings in a process of their own, and prints which list they name."""
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "from cabinet import settings; print(settings.AUTH_PASSWORD_VALIDATORS[-1])",
        ],
        cwd=settings.BASE_DIR,
        env={**os.environ, "BREACHED_PASSWORDS": longer},
        capture_output=True,
        text=True,
    )


def test_the_setting_names_a_longer_list():
    breached_by_default = {"NAME": "accounts.passwords.Breached", "OPTIONS": {"longer": ""}}
    assert settings.AUTH_PASSWORD_VALIDATORS[-1] == breached_by_default
    longer = str(breached.LIST)
    assert start(longer).stdout == f"{breached_by_default | {'OPTIONS': {'longer': longer}}}\n"


def test_a_longer_list_that_is_not_there_stops_the_start(tmp_path):
    path = str(tmp_path / "none.bin")
    ran = start(path)
    assert ran.returncode == 1
    assert ran.stderr.splitlines()[-1].endswith(
        f"ImproperlyConfigured: BREACHED_PASSWORDS is {path!r}: there is no such file."
    )


# Hashing


def parameters(user):
    user.refresh_from_db()
    algorithm, _, hashed = user.password.partition("$")
    found = extract_parameters(f"${hashed}")
    return algorithm, found.type, found.memory_cost, found.time_cost, found.parallelism


NOW = ("argon2", Type.ID, 102_400, 2, 8)


def test_hashed_by_argon2id(full_hashing):
    user = UserFactory()
    user.set_password(GOOD)
    user.save()
    assert parameters(user) == NOW


def test_hashed_anew_at_sign_in(full_hashing):
    old = "argon2" + PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(GOOD)
    user = UserFactory()
    User.objects.filter(pk=user.pk).update(password=old)
    assert parameters(user) == ("argon2", Type.ID, 1024, 1, 1)

    assert not user.check_password(f"{GOOD}!")
    assert parameters(user) == ("argon2", Type.ID, 1024, 1, 1)

    assert user.check_password(GOOD)
    assert parameters(user) == NOW
    assert user.check_password(GOOD)


def test_a_hash_as_it_should_be_stays():
    user = UserFactory()
    before = user.password
    assert user.check_password(PASSWORD)
    user.refresh_from_db()
    assert user.password == before


def test_all_of_a_long_password_counts():
    user = User(login="saule")
    user.set_password(arbitrary(1000))
    assert user.check_password(arbitrary(1000))
    assert not user.check_password(arbitrary(1000)[:-1])
