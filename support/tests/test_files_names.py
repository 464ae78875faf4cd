"""Whatever a file is called, its name does no harm, and is still the applicant's."""

import unicodedata

import pytest
from django.utils.translation import gettext, override
from hypothesis import example, given
from hypothesis import strategies as st

from support.files import safe_name
from support.models import FileKind

PDF, JPEG, PNG = FileKind.PDF, FileKind.JPEG, FileKind.PNG
ENDS = {PDF: ".pdf", JPEG: ".jpg", PNG: ".png"}


@pytest.mark.parametrize(
    ("name", "kind", "safe"),
    [
        ("Төлем түбіртегі.pdf", PDF, "Төлем түбіртегі.pdf"),
        ("Акт сверки №12 от 01.11.2026.pdf", PDF, "Акт сверки №12 от 01.11.2026.pdf"),
        ("Акт 11.2026", PDF, "Акт 11.2026.pdf"),
        ("фото.JPEG", JPEG, "фото.jpg"),
        ("IMG_0001.HEIC", JPEG, "IMG_0001.jpg"),
        ("photo.png", JPEG, "photo.jpg"),
        ("photo.jpg", PNG, "photo.png"),
        ("a.pdf.pdf", PDF, "a.pdf.pdf"),
        ("счёт.exe", PDF, "счёт.exe.pdf"),
        ("x.php\0.jpg", JPEG, "x.php.jpg"),
        # Paths of both kinds
        ("../../x", PDF, "x.pdf"),
        ("../../etc/passwd.pdf", PDF, "passwd.pdf"),
        (r"C:\Users\Әсел\Құжаттар\шот.pdf", PDF, "шот.pdf"),
        (r"..\..\x.png", PNG, "x.png"),
        ("C:x.pdf", PDF, "C x.pdf"),
        # Headers and pages
        ('a"; filename="b.exe.pdf', PDF, "a ; filename= b.exe.pdf"),
        ("a\r\nSet-Cookie: b=c.pdf", PDF, "a Set-Cookie b=c.pdf"),
        ("%22Дала%22%0D%0AX: y.pdf", PDF, "Дала X y.pdf"),
        ("100%25.pdf", PDF, "100%25.pdf"),
        ("<img src=x onerror=alert(1)>.png", PNG, "img src=x onerror=alert(1).png"),
        ("«Дала» ‘a’ “b” „c” `d` 'e'.pdf", PDF, "Дала a b c d e.pdf"),
        # What is not seen
        ("gpj.exe\u202egpj.pdf", PDF, "gpj.exegpj.pdf"),
        ("\u2066a\u2069\u200b\u200db\ufeff\u00ad.pdf", PDF, "ab.pdf"),
        ("a\u3164\u2800.pdf", PDF, "a.pdf"),
        ("a\ud800b\ue000c\uffff.pdf", PDF, "abc.pdf"),
        ("  a \t\u00a0\u3000\u2028 b  .pdf", PDF, "a b.pdf"),
        # The same letters are the same bytes
        ("и\u0306ё.pdf", PDF, "йё.pdf"),
        ("и\u200d\u0306.pdf", PDF, "й.pdf"),
        # What systems take for something of theirs
        ("CON", PDF, "_CON.pdf"),
        ("con.pdf", PDF, "_con.pdf"),
        ("Lpt1.tar.png", PNG, "_Lpt1.tar.png"),
        ("COM¹ .pdf", PDF, "_COM¹.pdf"),
        ("console.pdf", PDF, "console.pdf"),
        (".htaccess", PDF, "htaccess.pdf"),
        ("-rf.pdf", PDF, "rf.pdf"),
        ("a...pdf", PDF, "a.pdf"),
        ("a. . .pdf", PDF, "a.pdf"),
    ],
)
def test_names(name, kind, safe):
    assert safe_name(name, kind) == safe


@pytest.mark.parametrize(
    "name",
    ["", " ", ".", "..", "......", ".pdf", "..pdf", "/", "a/", "\\", "\r\n", "\0", "—", "___", "🙂",
     "\u202e.pdf", "\u0301.pdf", "\u3164", '"".pdf'],
)  # fmt: skip
@pytest.mark.parametrize("language", ["kk", "ru"])
def test_where_nothing_legible_remains(name, language):
    with override(language):
        assert safe_name(name, PDF) == f"{gettext('document')}.pdf"
        assert safe_name(name, JPEG) == f"{gettext('picture')}.jpg"
        assert safe_name(name, PNG) == f"{gettext('picture')}.png"


def test_a_long_name():
    name = '"Қ' * 100 + "\r\n.pdf"
    safe = safe_name(name, PDF)
    assert safe == ("Қ " * 58).strip() + ".pdf"
    assert safe_name("Қ" * 200, JPEG) == "Қ" * 116 + ".jpg"
    assert len(safe_name("Қ" * 200, JPEG)) == 120


def test_it_is_cut_between_letters():
    """Not between a letter and its mark."""
    assert safe_name("a" * 115 + "x\u0331" * 10, PDF) == "a" * 115 + ".pdf"
    assert safe_name("x" + "\u0331" * 200, PDF) == f"{gettext('document')}.pdf"
    assert safe_name("CONx" + "\u0331" * 200, PDF) == f"{gettext('document')}.pdf"


@given(
    st.text(max_size=250)
    | st.text("aй./\\ \"'\r\n\0-_\u0331\u0306\u202e🙂()CON", max_size=250)
    | st.builds("{}{}.{}".format, st.text(), st.sampled_from(["", "CON", "../"]), st.text()),
    st.sampled_from(FileKind),
)
@example("CON." + "x" * 111, PDF)
@example("CON." + "x" * 112, PDF)
@example("x" * 115 + ".pdf.pdf", PDF)
@example("\u037e\u1fef\u2126", PDF)
def test_any_name(name, kind):
    safe = safe_name(name, kind)
    assert safe.endswith(ENDS[kind])
    assert len(ENDS[kind]) < len(safe) <= 120
    assert safe_name(safe, kind) == safe
    assert unicodedata.is_normalized("NFC", safe)
    assert safe[0] not in " .-"
    assert any(letter.isalnum() for letter in safe.removesuffix(ENDS[kind]))
    for letter in safe:
        assert unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
        assert letter not in "/\\\"'`<>:|?*"
    safe.encode()
