"""Conditions of a statement with their arguments, and slices of an ordered list by keyset."""

from collections.abc import Sequence

from domain.pages import Slice


class Conditions:
    """Grows a WHERE clause and its numbered arguments together."""

    def __init__(self) -> None:
        self.arguments: list[object] = []
        self._parts: list[str] = []

    def argument(self, value: object, cast: str) -> str:
        """Keep a value; its placeholder with the type spelled out."""
        self.arguments.append(value)
        return f"${len(self.arguments)}::{cast}"

    def add(self, condition: str) -> None:
        self._parts.append(condition)

    def where(self) -> str:
        return " AND ".join(f"({part})" for part in self._parts) or "true"


def keyset(
    conditions: Conditions,
    wanted: Slice,
    columns: Sequence[tuple[str, str]],
    *,
    descending: bool = False,
) -> str:
    """Add the slice's bounds to the conditions; the ORDER BY and LIMIT of the statement.

    Columns are pairs of an expression and its type, a unique one last, all sorted the same way.
    One row more than wanted is read, so that `domain.pages.page` can tell whether there are more.
    """
    row = f"({', '.join(expression for expression, _ in columns)})"
    for key, sign in ((wanted.after, "<" if descending else ">"),
                      (wanted.before, ">" if descending else "<")):  # fmt: skip
        if key is not None:
            values = ", ".join(
                conditions.argument(value, cast)
                for value, (_, cast) in zip(key, columns, strict=True)
            )
            conditions.add(f"{row} {sign} ({values})")
    direction = "DESC" if descending is not wanted.backward else "ASC"
    order = ", ".join(f"{expression} {direction}" for expression, _ in columns)
    return f"ORDER BY {order} LIMIT {conditions.argument(wanted.limit + 1, 'bigint')}"
