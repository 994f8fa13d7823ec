"""Wrappers come off where they change nothing, and what is behind them needs none."""

import ast
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from graphql import GraphQLEnumType, GraphQLObjectType

from domain.money import Money
from domain.vouchers import VoucherState
from schema import build_schema
from schema.permissions import ROOTS

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = build_schema()._schema
# The library's own.
WRAPPED = {"_Service.sdl"}


def fields() -> list[tuple[str, Any]]:
    return [
        (f"{kind.name}.{name}", field)
        for kind in SCHEMA.type_map.values()
        if isinstance(kind, GraphQLObjectType) and kind.name not in ROOTS
        for name, field in kind.fields.items()
        if not kind.name.startswith("__")
    ]


def behind_guard(resolve: Any) -> Any:
    return getattr(resolve, "__wrapped__", resolve)


def test_no_field_below_the_roots_keeps_the_librarys_wrapper() -> None:
    wrapped = {
        name for name, field in fields() if "strawberry" in behind_guard(field.resolve).__module__
    }
    assert wrapped == WRAPPED


def test_resolvers_look_at_nothing_that_only_the_librarys_info_has() -> None:
    looked_at: dict[str, set[str]] = {}
    for path in (*ROOT.glob("resolvers/*.py"), *ROOT.glob("schema/**/*.py")):
        if path.name == "permissions.py":  # is handed graphql-core's
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "info":
                looked_at.setdefault(node.attr, set()).add(path.name)
    assert looked_at.keys() <= {"context", "path"}, looked_at


def test_a_field_without_a_resolver_reads_the_attribute_of_its_python_name() -> None:
    resolve = SCHEMA.type_map["Voucher"].fields["maskedCode"].resolve  # type: ignore[attr-defined]
    assert resolve(SimpleNamespace(masked_code="****1234"), None) == "****1234"
    with pytest.raises(AttributeError):
        resolve(SimpleNamespace(), None)


def test_enums_are_named_as_the_library_names_them_and_strangers_refused() -> None:
    kind = SCHEMA.type_map["VoucherState"]
    assert isinstance(kind, GraphQLEnumType)
    for state in VoucherState:
        assert kind.coerce_output_value(state) == state.name
    strangers: tuple[object, ...] = ("NOWHERE", 7, None, [])
    for stranger in strangers:
        with pytest.raises(Exception, match="VoucherState"):
            kind.coerce_output_value(stranger)


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("1", "INR", "1.00"),
        ("1.500000", "INR", "1.50"),
        ("1.2345", "INR", "1.2345"),
        ("1.23450", "INR", "1.2345"),
        ("1E+3", "INR", "1000.00"),
        ("100", "JPY", "100"),
        ("100.5", "JPY", "100.5"),
        ("1", "KWD", "1.000"),
        ("123456789012345.1", "INR", "123456789012345.10"),
    ],
)
def test_money_shows_its_minor_digits_and_all_others(
    amount: str, currency: str, shown: str
) -> None:
    money = Money(Decimal(amount), currency)
    assert str(money) == f"{money.shown:f}" == shown
