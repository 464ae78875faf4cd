"""Check codes: bound to number and figures, read as people type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receipts import codes

FIGURES = ["2026-03", "100.00"]


@pytest.fixture(autouse=True)
def keys(settings):
    settings.DOCUMENT_KEYS = ["present " * 8, "before " * 8]


def made(number="123", figures=FIGURES, kind="receipt"):
    return codes.code(kind, number, figures)


def test_its_form():
    code = made()
    assert len(code) == 16
    assert codes.is_whole(code)
    assert codes.is_right(code, "receipt", "123", FIGURES)
    assert made() == code


@pytest.mark.parametrize(
    ("kind", "number", "figures"),
    [
        ("statement", "123", FIGURES),
        ("receipt", "124", FIGURES),
        ("receipt", "123", ["2026-03", "100.01"]),
        ("receipt", "123", ["2026-03"]),
    ],
)
def test_bound_to_kind_number_and_figures(kind, number, figures):
    assert not codes.is_right(made(), kind, number, figures)


def test_a_code_by_the_key_before_is_right_still(settings):
    settings.DOCUMENT_KEYS, both = settings.DOCUMENT_KEYS[1:], settings.DOCUMENT_KEYS
    code = made()
    settings.DOCUMENT_KEYS = both
    assert made() != code
    assert codes.is_right(code, "receipt", "123", FIGURES)
    settings.DOCUMENT_KEYS = both[:1]
    assert not codes.is_right(code, "receipt", "123", FIGURES)


@pytest.mark.parametrize("typed", [str.lower, lambda code: code.replace("-", ""), "  {}  ".format])
def test_as_people_type_it(typed):
    assert codes.is_right(typed(made()), "receipt", "123", FIGURES)


def test_look_alikes_are_understood():
    assert codes.read("оОoO iIlL аАвВсСеЕнНкКмМрРтТхХуУ") == "00001111AABBCCEEHHKKMMPPTTXXYY"
    assert codes.read("") == codes.read("—– ") == ""


def test_what_is_far_too_long_is_not_read():
    assert codes.read("A" * 10_000) == ""


@given(st.data())
def test_a_wrong_letter_is_found(data):
    code = codes.read(made(data.draw(st.text(max_size=20))))
    place = data.draw(st.integers(0, len(code) - 1))
    letter = data.draw(st.sampled_from(codes.LETTERS.replace(code[place], "")))
    assert codes.is_whole(code)
    assert not codes.is_whole(code[:place] + letter + code[place + 1 :])


@given(st.text())
def test_whatever_is_typed(typed):
    codes.is_whole(typed)
    assert not codes.is_right(typed, "receipt", "123", FIGURES)
