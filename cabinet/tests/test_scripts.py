"""Scripts: few bytes, modules of ours, and none where nothing needs one."""

import re
from pathlib import Path

import pytest
from django.conf import settings

SOURCES = Path(settings.BASE_DIR)
SCRIPTS = {path.name: path.stat().st_size for path in (SOURCES / "static/js").iterdir()}
TEMPLATES = [
    path
    for folder in ("templates", "cabinet/templates")
    for path in (SOURCES / folder).rglob("*.html")
]
LINKED = re.compile(r"<script\b.*?>.*?</script>", re.DOTALL)
LINK = re.compile(
    r"""<script (?:type="module" )?src="\{[{%] ?static[( ]'js/([a-z]+\.js)'\)? ?[}%]\}" ?"""
    r"""(?:type="module")?></script>"""
)
ACCOUNT = "/accounts/000000101/"
NEEDED = {
    "/accounts/": ["remove"],
    ACCOUNT: ["charts", "copy"],
    f"{ACCOUNT}services/": [],
    f"{ACCOUNT}services/statement/": ["copy"],
    f"{ACCOUNT}calculator/": ["calculator"],
    f"{ACCOUNT}e-receipt/": [],
    f"{ACCOUNT}nickname/": [],
}


def test_they_weigh_ten_kilobytes_at_most_in_all():
    assert sum(SCRIPTS.values()) <= 10_000, SCRIPTS


def test_they_are_modules_of_ours_and_each_is_used():
    links = [link for path in TEMPLATES for link in LINKED.findall(path.read_text())]
    matches = [LINK.fullmatch(link) for link in links]
    assert [link for link, match in zip(links, matches, strict=True) if not match] == []
    assert all('type="module"' in link for link in links)
    assert {match[1] for match in matches if match} == SCRIPTS.keys()


@pytest.mark.parametrize("path", NEEDED)
def test_a_page_loads_what_it_needs(path, home, client):
    client.force_login(home.owner)
    page = client.get(path)
    assert page.status_code == 200
    found = re.findall(r'src="/static/js/([a-z]+)\.[0-9a-f]{12}\.js"', page.content.decode())
    assert found == ["forms", *NEEDED[path]]
