"""`manage.py import_billing`: what it prints, in which language, and how it exits."""

import re

import pytest
from django.core.management import ManagementUtility

from billing.models import Import
from billing.tests import exchange_sets as sets

pytestmark = pytest.mark.django_db


def figures(text):
    """The figures of the table's line for each file."""
    return {
        name: [int(figure) for figure in line.split()]
        for name, line in re.findall(r"^([a-z_]+) ((?: *\d+){5})$", text, re.MULTILINE)
    }


def test_loaded_exits_0_and_tells_the_counts(loaded, import_billing, tmp_path):
    loaded["payments"][3]["amount"] = "501"
    loaded["payments"].append({**loaded["payments"][3], "id": "P9"})
    code, out, err = import_billing(sets.write(tmp_path / "set", loaded))
    assert (code, err) == (0, "")
    expected = {name: [0, 0, len(content), 0, 0] for name, content in loaded.items()}
    assert figures(out) == {**expected, "payments": [1, 1, 5, 0, 0]}
    rows = sum(len(content) for content in loaded.values())
    assert str(rows) in re.findall(r"\d+", out.splitlines()[-2])
    assert Import.objects.get(name="set").by


def test_refused_exits_1_and_tells_each_bad_row(loaded, import_billing, tmp_path):
    loaded["payments"][1]["amount"] = "much"
    loaded["accounts"][1]["payer"] = ""
    before = sets.physical_rows()
    code, out, err = import_billing(sets.write(tmp_path / "set", loaded))
    assert (code, err) == (1, "")
    first, second = out.splitlines()[:2]
    assert first.startswith("accounts.csv:3 F payer='' ")
    assert second.startswith("payments.csv:3 F amount='much' ")
    assert figures(out)["payments"][4] == figures(out)["accounts"][4] == 1
    assert sets.physical_rows() == before


@pytest.mark.parametrize("language", ["ru", "kk"])
def test_first_thousand_bad_rows_are_told_and_the_rest_counted(
    loaded, import_billing, tmp_path, language
):
    good = loaded["payments"][0]
    content = [{**good, "id": f"N{n}", "amount": "much"} for n in range(1234)]
    folder = sets.write(tmp_path / "set", {"payments": content})
    code, out, _err = import_billing(folder, "--language", language)
    assert code == 1
    lines = out.splitlines()
    told = [line for line in lines if line.startswith("payments.csv:")]
    assert [line.split()[0] for line in told] == [f"payments.csv:{n}" for n in range(2, 1002)]
    assert lines[:1000] == told
    assert re.findall(r"\d+", lines[1000]) == ["234"]
    assert figures(out) == {"payments": [0, 0, 0, 0, 1234]}


@pytest.mark.parametrize("content", [None, {}], ids=["no such folder", "empty folder"])
def test_no_set_exits_2_and_says_why(loaded, import_billing, tmp_path, content):
    folder = tmp_path / "the-set"
    if content is not None:
        sets.write(folder, content)
    code, out, err = import_billing(folder)
    assert (code, out) == (2, "")
    assert str(folder) in err


def test_unknown_file_exits_2_and_is_named(loaded, import_billing, tmp_path):
    folder = sets.write(tmp_path / "set", {"banks": loaded["banks"]})
    (folder / "bank.csv").write_text("x")
    code, out, err = import_billing(folder)
    assert (code, out) == (2, "")
    assert "bank.csv" in err


@pytest.mark.parametrize(
    "words", [[], ["a", "b"], ["a", "--language", "en"], ["a", "--no-such-option"]]
)
def test_wrong_usage_exits_2(words, capsys):
    with pytest.raises(SystemExit) as stop:
        ManagementUtility(["manage.py", "import_billing", *words]).execute()
    assert stop.value.code == 2
    assert capsys.readouterr().out == ""


def words(text):
    """The text without file names, columns and figures."""
    return re.sub(r"[a-z_]+\.csv|[a-z_]+=|^[a-z_]+ |[\d.,:']+|CSV|BIN|\bF\b", " ", text, flags=re.M)


@pytest.mark.parametrize("content", ["good", "bad", "none"])
def test_report_is_in_the_language_asked_for(loaded, import_billing, tmp_path, content):
    if content == "bad":
        loaded["payments"][0] |= {"amount": "1,5", "paid_on": "1.1.2026", "service": ""}
        loaded["banks"].append({**loaded["banks"][0], "name_ru": "я" * 201})
    folder = tmp_path / "set"
    if content != "none":
        sets.write(folder, loaded)
    told = {}
    for language in ("kk", "ru"):
        code, out, err = import_billing(folder, "--language", language)
        told[language] = out + err.replace(str(folder), "")
        assert code == {"good": 0, "bad": 1, "none": 2}[content]
    assert figures(told["kk"]) == figures(told["ru"])
    assert words(told["kk"]) != words(told["ru"])
    assert set("әғқңөұүһі") & set(told["kk"].lower())
    assert not set("әғқңөұүһі") & set(told["ru"].lower())
    for text in told.values():
        assert not re.search(r"[A-Za-z]{3,}", words(text).replace("YYYY-MM-DD", ""))


def test_the_language_is_kazakh_unless_another_is_asked_for(loaded, import_billing, tmp_path):
    folder = tmp_path / "nowhere"
    assert import_billing(folder) == import_billing(folder, "--language", "kk")
