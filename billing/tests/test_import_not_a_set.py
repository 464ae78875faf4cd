"""What is no set at all is refused with a reason, and nothing is read into the tables."""

import pytest

from billing.exchange.problems import NotASet
from billing.models import Import
from billing.tests import exchange_sets as sets

pytestmark = pytest.mark.django_db

HEADER = ",".join(sets.COLUMNS["payments"])
LINE = f"{sets.FIRST},P9,EL,2026-04-01,2026-04,5,HAL"
GOOD = f"{HEADER}\n{LINE}\n"


def folder_of(tmp_path, contents):
    folder = tmp_path / "set"
    folder.mkdir()
    for name, content in contents.items():
        content = content.encode() if isinstance(content, str) else content
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.parametrize(
    ("contents", "words"),
    [
        ({"payments.csv": GOOD.replace("bank", "", 1)}, ["payments.csv"]),
        ({"payments.csv": GOOD.replace(",bank", "", 1)}, ["payments.csv", "bank"]),
        ({"payments.csv": GOOD.replace("bank", "banc", 1)}, ["payments.csv", "banc"]),
        ({"payments.csv": GOOD.replace("bank", "bank,note", 1)}, ["payments.csv", "note"]),
        ({"payments.csv": GOOD.replace("bank", "month,bank", 1)}, ["payments.csv", "month"]),
        ({"payments.csv": GOOD.replace("bank", "bank,error,error", 1)}, ["payments.csv", "error"]),
        ({"payments.csv": GOOD.replace("bank", "Bank", 1)}, ["payments.csv", "Bank"]),
        ({"payments.csv": GOOD.replace(",", ";")}, ["payments.csv"]),
        ({"payments.csv": LINE}, ["payments.csv", sets.FIRST]),
        ({"payments.csv": ""}, ["payments.csv"]),
        ({"payments.csv": "\n" + GOOD}, ["payments.csv"]),
        ({"payments.csv": f'"{GOOD}'}, ["payments.csv"]),
        ({"payments.csv": GOOD.encode("utf-16")}, ["payments.csv"]),
        ({"payments.csv": GOOD.replace("HAL", "Банк").encode("cp1251")}, ["payments.csv"]),
        ({"payments.csv": GOOD.encode() + LINE.encode() + b"\xff"}, ["payments.csv"]),
        ({"payments.csv": GOOD + "\0"}, ["payments.csv"]),
        ({"payments.csv": GOOD + f"{LINE}\n" * 20_000 + "\0"}, ["payments.csv"]),
        ({"payments.csv": GOOD, "payment.csv": GOOD}, ["payment.csv"]),
        ({"payments.csv": GOOD, "read me.txt": "x"}, ["read me.txt"]),
        ({"payments.csv": GOOD, "Banks.csv": "code,name_kk,name_ru\n"}, ["Banks.csv"]),
        ({"payments.csv": GOOD, "payments": GOOD}, ["payments"]),
        ({"payments.csv": GOOD, "totals.csv": "file,rows\npayments,1\n"}, ["totals.csv", "sum"]),
        ({"payments.csv": GOOD, "totals.csv": "file,rows,sum\npayments,\0,\n"}, ["totals.csv"]),
        ({}, ["set"]),
    ],
    ids=[
        "empty column name",
        "missing column",
        "misspelt column",
        "unknown column",
        "column twice",
        "error twice",
        "capitals",
        "semicolons",
        "no header",
        "nothing",
        "empty first line",
        "broken header",
        "UTF-16",
        "Windows-1251",
        "bad byte late",
        "NUL",
        "NUL late",
        "unknown file",
        "other file",
        "capitals in a file's name",
        "no ending",
        "missing column of totals",
        "NUL in totals",
        "empty folder",
    ],
)
def test_refused_as_no_set(loaded, tmp_path, contents, words):
    before = sets.physical_rows()
    with pytest.raises(NotASet) as refusal:
        sets.load(folder_of(tmp_path, contents))
    for word in words:
        assert word in str(refusal.value)
    assert sets.physical_rows() == before
    assert Import.objects.get(name="set").outcome == "not_a_set"


def test_no_such_folder(loaded, tmp_path):
    with pytest.raises(NotASet, match="nowhere"):
        sets.load(tmp_path / "nowhere")


def test_a_file_is_no_folder(loaded, tmp_path):
    folder = folder_of(tmp_path, {"payments.csv": GOOD})
    with pytest.raises(NotASet, match=r"payments\.csv"):
        sets.load(folder / "payments.csv")


def test_a_folder_of_a_known_name_is_no_file(loaded, tmp_path):
    folder = folder_of(tmp_path, {"payments.csv": GOOD})
    (folder / "banks.csv").mkdir()
    with pytest.raises(NotASet, match=r"banks\.csv"):
        sets.load(folder)


def test_bad_rows_do_not_hide_that_it_is_no_set(loaded, tmp_path):
    contents = {"banks.csv": "code,name_kk,name_ru\n?,a,b\n", "payments.csv": GOOD + "\0"}
    with pytest.raises(NotASet, match=r"payments\.csv"):
        sets.load(folder_of(tmp_path, contents))


def test_columns_come_in_any_order_and_error_is_ignored(loaded, tmp_path):
    columns = [*reversed(sets.COLUMNS["payments"]), "error"]
    cells = [*reversed(LINE.split(",")), "mended"]
    content = f"{', '.join(columns)}\n{','.join(cells)}\n"
    report = sets.load(folder_of(tmp_path, {"payments.csv": content}))
    assert report.problems == []
    assert sets.wanted("payments", sets.rows(sets.COLUMNS["payments"], LINE))[0] in sets.stored(
        "payments"
    )
