"""What has to be set is said; cookies and the driver are those of production."""

import ast
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.db import connection
from django.test import Client

from accounts.tests.factories import PASSWORD, UserFactory

BASE = Path(configured.BASE_DIR)
ENVIRONMENT = {
    "SECRET_KEY": "0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOP",
    "ALLOWED_HOSTS": "cabinet.example.kz",
    "DATABASE_URL": "postgres://nobody@/none?host=/nonexistent",
}
PARTS = ("accounts", "billing", "cabinet", "receipts", "support", "templates", "static", "locale")


READS = re.compile(r"env\.(str|int|float|list|email_url)|flag|networks|required|os\.environ\.get")


def variables_read() -> set[str]:
    """The names in `env.…("NAME")`, `flag`, `required` and `os.environ.get("NAME")`."""
    return {
        node.args[0].value
        for name in ("settings.py", "serve.py")
        for node in ast.walk(ast.parse((BASE / "cabinet" / name).read_text()))
        if isinstance(node, ast.Call)
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and READS.fullmatch(ast.unparse(node.func))
    }


def test_example_names_every_variable():
    example = (BASE / ".env.example").read_text()
    assert {*re.findall(r"^#? ?([A-Z_]+)=", example, re.MULTILINE)} == variables_read()
    assert variables_read() > ENVIRONMENT.keys()


def test_example_holds_no_secret():
    assert re.search(r"^SECRET_KEY=$", (BASE / ".env.example").read_text(), re.MULTILINE)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """The code without the developer's own .env."""
    copy = tmp_path_factory.mktemp("checkout")
    ignore = shutil.ignore_patterns("tests", "sample", "__pycache__")
    for part in filter(Path.exists, (BASE / name for name in PARTS)):
        shutil.copytree(part, copy / part.name, ignore=ignore)
    shutil.copy(BASE / "manage.py", copy)
    return copy


def run(checkout, *arguments, **environment):
    """Python there, with these variables and no others."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=checkout,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("value", [None, "", "  "], ids=["absent", "empty", "blank"])
@pytest.mark.parametrize("name", sorted(ENVIRONMENT))
def test_it_does_not_start_without(name, value, checkout):
    environment = {**ENVIRONMENT, name: value}
    if value is None:
        del environment[name]
    ended = run(checkout, "manage.py", "check", **environment)
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert re.fullmatch(rf"{name} is not set: [^\n]+ \(see \.env\.example\)\.\n", ended.stderr)


def test_it_stops_in_a_sentence_when_nothing_is_set(checkout):
    ended = run(checkout, "manage.py", "check")
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)


def test_variables_may_stand_in_a_file(checkout):
    file = checkout / ".env"
    file.write_text("".join(f"{name}={value}\n" for name, value in ENVIRONMENT.items()))
    try:
        assert run(checkout, "manage.py", "check").returncode == 0
    finally:
        file.unlink()


@pytest.mark.parametrize("name", ["DEBUG", "DEMO", "BEHIND_TLS_PROXY"])
def test_a_wrong_value_stops_it(name, checkout):
    ended = run(checkout, "manage.py", "check", **ENVIRONMENT, **{name: "maybe"})
    assert ended.returncode == 1
    assert name in ended.stderr
    assert "Traceback" not in ended.stderr


def test_deploy_check_is_clean(checkout):
    ended = run(
        checkout, "manage.py", "check", "--deploy", "--fail-level", "WARNING", **ENVIRONMENT
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "no issues" in ended.stdout


COOKIES = [
    f"{kind}_COOKIE_{part}"
    for kind in ("SESSION", "CSRF", "LANGUAGE")
    for part in ("NAME", "SECURE", "HTTPONLY", "SAMESITE", "PATH", "DOMAIN")
]
FRONT = ["DEVICE_COOKIE_NAME", "SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS", "DEBUG", "DEMO"]


def values(checkout, *names, **environment):
    script = (
        "import json, django; from django.conf import settings; django.setup();"
        f"print(json.dumps({{name: getattr(settings, name) for name in {names!r}}}))"
    )
    ended = run(checkout, "-c", script, DJANGO_SETTINGS_MODULE="cabinet.settings", **environment)
    assert ended.stderr == ""
    return json.loads(ended.stdout)


def test_cookies_in_production(checkout):
    assert values(checkout, *COOKIES, *FRONT, **ENVIRONMENT) == {
        "SESSION_COOKIE_NAME": "__Host-session",
        "CSRF_COOKIE_NAME": "__Host-csrf",
        "LANGUAGE_COOKIE_NAME": "django_language",
        **dict.fromkeys([name for name in COOKIES if name.endswith(("SECURE", "HTTPONLY"))], True),
        **dict.fromkeys([name for name in COOKIES if name.endswith("SAMESITE")], "Lax"),
        **dict.fromkeys([name for name in COOKIES if name.endswith("PATH")], "/"),
        **dict.fromkeys([name for name in COOKIES if name.endswith("DOMAIN")], None),
        "DEVICE_COOKIE_NAME": "__Host-device",
        "SECURE_SSL_REDIRECT": True,
        "SECURE_HSTS_SECONDS": 31_536_000,
        "DEBUG": False,
        "DEMO": False,
    }


def test_the_demo_works_over_http(checkout, db, settings):
    for name, value in values(checkout, *COOKIES, *FRONT, **ENVIRONMENT, DEMO="1").items():
        setattr(settings, name, value)
    UserFactory(login="aigul")
    plain = Client()
    response = plain.post("/login/", {"login": "aigul", "password": PASSWORD})
    assert (response.status_code, response.url) == (302, "/")
    assert plain.get("/accounts/").status_code == 200
    assert {name: cookie["secure"] for name, cookie in plain.cookies.items()} == {
        "session": "",
        "csrf": "",
        "device": "",
    }
    assert settings.DEBUG is False


def test_the_supplier_s_logo_is_its_own(checkout, tmp_path):
    """It stands in for the demonstration's, wherever that stands."""
    ours = ENVIRONMENT | {"BRAND": str(tmp_path)}
    missing = run(checkout, "manage.py", "check", **ours)
    assert (missing.returncode, f"There is no {tmp_path}/mark.svg." in missing.stderr) == (1, True)
    (tmp_path / "mark.svg").write_text("<svg/>")
    found = run(checkout, "manage.py", "findstatic", "mark.svg", "--first", "-v0", **ours)
    assert found.stdout.strip() == f"{tmp_path}/mark.svg"
    script = "import receipts.pdf as pdf; print(*pdf.OURS['paper:mark.svg'])"
    paper = run(checkout, "manage.py", "shell", "-v0", "-c", script, **ours)
    assert paper.stdout.strip() == f"{tmp_path}/mark.svg image/svg+xml"


def test_the_driver_is_psycopg2():
    assert connection.Database.__name__ == "psycopg2"
    assert importlib.util.find_spec("psycopg") is None
