"""Lines as sentences: what is printed really multiplies out, in both languages."""

import re
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from billing import breakdowns, sentences
from billing.calculation import Band, Conditions, Home, Piece, Prices, per_day_30_5

HOME = Home(4, electric_stove=False, privileged=False, plan="tiered")
LEVELS = (Band(1, Decimal(90), Decimal("21.91")), Band(2, None, Decimal("28.32")))
FIGURE = re.compile(r"\d[\d\u00a0]*(?:,\d+)?")


def conditions(bands=LEVELS, *, with_vat=False, rate="0.12", home=HOME):
    return Conditions(home, Prices(bands, with_vat), Decimal(rate))


def lines(quantity, *bands, days=30, **given):
    piece = Piece(Fraction(days), conditions(*bands, **given))
    return per_day_30_5(Decimal(quantity), [piece]).lines


def charge(line, **changes):
    """Billing's line of the same."""
    made = breakdowns.Line(
        *(None,) * 5,
        *(30, line.quantity, line.level, line.limit, line.price, line.vat_rate, line.amount),
    )
    return made._replace(**changes)


def figures(sentence):
    """The numbers of a sentence, as somebody would type them into a calculator."""
    return [
        Decimal(found.replace("\u00a0", "").replace(",", ".")) for found in FIGURE.findall(sentence)
    ]


def shown(sentence):
    return sentence.replace("\u00a0", "_")


@pytest.mark.parametrize(
    ("language", "sum", "limit"),
    [
        (
            "kk",
            "125_кВт·сағ × 21,91_₸ × 1,12 (ҚҚС 12_%) = 3_067,40_₸",
            "1‑деңгей, шегі: 90_кВт·сағ × 4 тұрғын ÷ 30,5 × 30 күн = 354,098_кВт·сағ",
        ),
        (
            "ru",
            "125_кВт·сағ × 21,91_₸ × 1,12 (НДС 12_%) = 3_067,40_₸",
            "Уровень 1, предел: 90_кВт·сағ × 4 проживающих ÷ 30,5 × 30 дней = 354,098_кВт·сағ",
        ),
    ],
)
def test_a_line_and_its_limit(language, sum, limit):
    (line,) = lines(125)
    with translation.override(language):
        assert shown(sentences.of_line(line, "кВт·сағ")) == sum
        assert shown(sentences.of_limit(line, "кВт·сағ")) == limit


@pytest.mark.parametrize(
    ("residents", "days", "ru"),
    [
        (1, 31, "1 проживающий ÷ 30,5 × 31 день"),
        (2, 33, "2 проживающих ÷ 30,5 × 33 дня"),
        (5, 28, "5 проживающих ÷ 30,5 × 28 дней"),
        (21, 61, "21 проживающий ÷ 30,5 × 61 день"),
    ],
)
def test_a_noun_follows_its_numeral_in_russian_and_stays_in_kazakh(residents, days, ru):
    (line, *_rest) = lines(9999, days=days, home=HOME._replace(residents=residents))
    with translation.override("ru"):
        assert f"× {ru} =" in sentences.of_limit(line, "кВт·ч")
    with translation.override("kk"):
        kk = f"× {residents} тұрғын ÷ 30,5 × {days} күн ="
        assert kk in sentences.of_limit(line, "кВт·сағ")


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_nothing_used(language):
    (line,) = lines(0, rate="0.16")
    with translation.override(language):
        told = shown(sentences.of_line(line, "x"))
        assert told.startswith("0_x × 21,91_₸ × 1,16 (")
        assert told.endswith(" = 0,00_₸")
        assert sentences.of_limit(line, "x") == ""


def test_a_bill_has_a_sentence_for_each_line():
    bill = per_day_30_5(Decimal(1000), [Piece(Fraction(30), conditions())])
    told = sentences.of_bill(bill, "x")
    assert [each.line for each in told] == list(bill.lines)
    assert [each.sum for each in told] == [sentences.of_line(line, "x") for line in bill.lines]
    assert [bool(each.limit) for each in told] == [True, False]


def test_billings_lines_have_our_limits_where_ours_stand_beside_them():
    (line, *_rest) = lines(1000)
    own = charge(line)
    beside, alone = sentences.of_charges([(own, line), (own, None)], "x")
    assert beside == (own, sentences.of_line(line, "x"), sentences.of_limit(line, "x"))
    assert alone == (own, sentences.of_line(line, "x"), "")


def test_in_figures_alone():
    (line,) = lines(125)
    assert shown(sentences.formula(charge(line))) == "125 × 21,91_₸ × 1,12 = 3_067,40_₸"
    assert sentences.formula(charge(line, amount=Decimal("3067.41"))) == ""


def test_a_price_with_vat():
    (line,) = lines(209, (Band(1, None, Decimal("17.53")),), with_vat=True)
    with translation.override("kk"):
        told = shown(sentences.of_line(line, "кВт·сағ"))
    assert told == "209_кВт·сағ × 17,53_₸ (ҚҚС-пен, 12_%) = 3_663,77_₸"


def test_the_last_level_has_no_limit():
    assert sentences.of_limit(lines(1000)[-1], "кВт·сағ") == ""


def test_nobody_counts_as_one_and_is_told():
    (line, *_rest) = lines(1000, home=HOME._replace(residents=0))
    with translation.override("kk"):
        assert "× 1 тұрғын ÷" in sentences.of_limit(line, "кВт·сағ")
        assert sentences.of_nobody(line.conditions.home) == (
            "Тұратындар тіркелмеген: шекте бір адам есептеледі."
        )
    assert sentences.of_nobody(HOME) == ""


def test_billings_line_is_told_by_its_own_figures():
    (line,) = lines(125)
    with translation.override("kk"):
        told = sentences.of_charge(charge(line), None, "кВт·сағ")
        assert told == sentences.of_line(line, "кВт·сағ")


def test_billings_line_that_does_not_multiply_out_is_not_told():
    (line,) = lines(125)
    assert sentences.of_charge(charge(line, amount=Decimal("3067.41")), line, "kWh") == ""


def test_billings_line_of_a_price_with_vat_is_told_by_that_price():
    """209 × 15.651786 × 1.12 is the same sum, but nobody's tariff."""
    (line,) = lines(209, (Band(1, None, Decimal("17.53")),), with_vat=True)
    with translation.override("kk"):
        assert "17,53" in sentences.of_charge(charge(line), line, "кВт·сағ")
        assert "15,651786" in sentences.of_charge(charge(line), None, "кВт·сағ")


prices = st.decimals("0.000001", "999", places=6)


@settings(max_examples=80)
@given(
    st.decimals("0.001", 10**6, places=3),
    prices,
    prices,
    st.booleans(),
    st.sampled_from(["0.12", "0.16", "0.0525"]),
    st.integers(1, 90),
    st.sampled_from(["kk", "ru"]),
)
def test_printed_figures_multiply_out(quantity, first, second, with_vat, rate, days, language):
    bands = (Band(1, Decimal("90.125"), first), Band(2, None, second))
    with translation.override(language):
        for line in lines(quantity, bands, with_vat=with_vat, rate=rate, days=days):
            units, price, *factor, percent, amount = figures(sentences.of_line(line, "x"))
            product = units * price * (factor[0] if factor else 1)
            assert product.quantize(Decimal("0.01"), ROUND_HALF_UP) == amount == line.amount
            assert percent == Decimal(rate) * 100
            if told := sentences.of_limit(line, "x"):
                _level, limit, residents, month, counted, end = figures(told)
                exact = Fraction(limit) * Fraction(residents) / Fraction(month) * Fraction(counted)
                assert abs(exact - Fraction(end)) <= Fraction(1, 2000)
