"""Who may import whom: receipts → billing → accounts; the plumbing knows none of them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

BASE = Path(settings.BASE_DIR)
APPS = ("accounts", "billing", "cabinet", "receipts", "support")
# Each app, and those that it may import besides itself.
MAY_IMPORT = {
    "accounts": {"cabinet"},
    "billing": {"accounts", "cabinet"},
    "receipts": {"accounts", "billing", "cabinet"},
    "support": {"accounts", "billing", "cabinet", "receipts"},
    "cabinet": set(),
}
LONGEST_VIEW = 40

MODULES = sorted(
    path.relative_to(BASE).as_posix()
    for app in APPS
    for path in (BASE / app).rglob("*.py")
    if not {"tests", "migrations"} & set(path.parts)
)


def imported(source: str) -> Iterator[str]:
    """The modules that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def out_of_order(module: str, source: str) -> list[str]:
    """What a module imports against the order of layers."""
    app = module.split("/")[0]
    return [
        name
        for name in imported(source)
        if name.split(".")[0] in {*APPS} - {app} - MAY_IMPORT[app]
        or name.startswith("cabinet.settings")
        or ".tests" in name
    ]


@pytest.mark.parametrize("module", MODULES)
def test_order_of_layers(module):
    assert out_of_order(module, (BASE / module).read_text()) == []


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("accounts/models.py", "from billing.models import Holding"),
        ("accounts/views.py", "def late():\n    import billing"),
        ("billing/views.py", "from receipts import pdf"),
        ("cabinet/figures.py", "from accounts.models import User"),
        ("receipts/pdf.py", "from cabinet.settings import DEBUG"),
        ("receipts/pdf.py", "from cabinet import settings"),
        ("billing/views.py", "from billing.tests.factories import PaymentFactory"),
    ],
)
def test_what_it_finds(module, line):
    assert out_of_order(module, line) != []


def functions(source: str) -> dict[str, int]:
    """The lines of each function."""
    return {
        node.name: node.end_lineno - node.lineno + 1
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


@pytest.mark.parametrize(
    "module", [module for module in MODULES if "views" in Path(module).with_suffix("").parts]
)
def test_views_are_short(module):
    long = {
        name: lines
        for name, lines in functions((BASE / module).read_text()).items()
        if lines > LONGEST_VIEW
    }
    assert long == {}
