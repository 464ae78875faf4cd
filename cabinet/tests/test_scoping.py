"""Views reach a resident's data through the resident, never through the model."""

import ast
from pathlib import Path

import pytest
from django.conf import settings

# Models whose rows belong to a resident; the names by which views might reach all of them.
OWNED = {
    *("PersonalAccount", "Holding", "Terms", "Meter", "Reading"),
    *("LedgerEntry", "Charge", "Adjustment", "Payment", "Receipt"),
}
MANAGERS = {"objects", "_default_manager", "_base_manager"}
SHORTCUTS = {"get_object_or_404", "get_list_or_404"}

VIEWS = sorted(
    path
    for app in ("accounts", "billing", "cabinet", "receipts", "support")
    for path in Path(settings.BASE_DIR, app).rglob("*.py")
    if "views" in path.relative_to(settings.BASE_DIR).with_suffix("").parts
)


def faults(source: str) -> list[str]:
    """Where a module of views reaches past the resident, by line."""
    tree = ast.parse(source)
    names = _aliases(tree)
    return [
        f"{node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(tree)
        if (
            isinstance(node, ast.Attribute)
            and node.attr in MANAGERS
            and _model(node.value, names) in OWNED
        )
        or (
            isinstance(node, ast.Call)
            and _name(node.func) in SHORTCUTS
            and node.args
            and _model(node.args[0], names) in OWNED
        )
        or (isinstance(node, ast.Call) and _name(node.func) == "get_model")
    ]


def _aliases(tree: ast.Module) -> dict[str, str]:
    """The models by the names that the module gives them."""
    names = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and (source := _model(node.value, names)) in OWNED:
            names |= {target.id: source for target in node.targets if isinstance(target, ast.Name)}
    return names


def _model(node: ast.expr, names: dict[str, str]) -> str:
    """`Payment` of `Payment`, `models.Payment` or another name for it."""
    name = _name(node)
    return names.get(name, name)


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def test_there_are_views():
    found = {path.relative_to(settings.BASE_DIR).as_posix() for path in VIEWS}
    assert found >= {"accounts/views.py", "billing/views.py", "receipts/views.py"}


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: f"{view.parent.name}.{view.stem}")
def test_data_are_reached_through_the_resident(view):
    assert faults(view.read_text()) == []


@pytest.mark.parametrize(
    "line",
    [
        "Payment.objects.filter(account=number)",
        "models.PersonalAccount.objects.get(number=number)",
        "billing.models.Holding._default_manager.all()",
        "Bill.objects.first()",
        "get_object_or_404(PersonalAccount, number=number)",
        "shortcuts.get_object_or_404(models.Meter.objects, pk=pk)",
        "apps.get_model('billing', 'Payment').objects.all()",
        "every = Charge._base_manager",
        "Own = LedgerEntry; Own.objects.all()",
    ],
)
def test_what_it_finds(line):
    made_up = f"""
from billing import models
from billing.models import Charge, LedgerEntry, Payment, PersonalAccount, Receipt as Bill

def view(request, number):
    {line}
"""
    assert faults(made_up) != []


@pytest.mark.parametrize(
    "line",
    [
        "get_object_or_404(request.user.accounts, number=number)",
        "account.payments.for_period(first, last)",
        "Supplier.objects.issuer()",
        "type(request.user).objects.filter(pk=request.user.pk)",
    ],
)
def test_what_it_lets_pass(line):
    assert faults(line) == []
