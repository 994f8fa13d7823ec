"""Writes the code of a plan: one function per selection, one per list.

The text holds names of a fixed table, numbers, and names of attributes that the schema declares.
Whatever a document says (aliases, arguments, names) is handed over by reference, never as text.
"""

import builtins
import keyword
import re
from collections.abc import Iterable
from types import CoroutineType
from typing import Any, NamedTuple

from graphql import (
    GraphQLList,
    GraphQLNonNull,
    GraphQLResolveInfo,
    GraphQLSchema,
    is_abstract_type,
    is_leaf_type,
    is_object_type,
)
from graphql.pyutils import Path

from execution import values
from execution.leaves import AsIs, Leaf, Named, leaf_of
from execution.places import Field, Place
from execution.plain import PLAIN, is_mapping
from execution.running import joined, make, mark
from execution.selections import Kind, Selection, records_of

SAFE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,100}")

TABLE: dict[str, Any] = {
    "__builtins__": builtins,  # the interpreter itself imports through it, to warn
    "AttributeError": AttributeError,
    "Co": CoroutineType,
    "Exception": Exception,
    "Info": GraphQLResolveInfo,
    "Path": Path,
    "bool": bool,
    "enumerate": enumerate,
    "float": float,
    "getattr": getattr,
    "inf": float("inf"),
    "int": int,
    "is_mapping": is_mapping,
    "iter": iter,
    "joined": joined,
    "list": list,
    "make": make,
    "mark": mark,
    "plain": PLAIN,
    "str": str,
    "tuple": tuple,
    "type": type,
}
STOCK = frozenset({str, int, float, bool})
# Of an object that is written where it stands, with those below it. Python nests 20 blocks.
INLINE_FIELDS = 16
INLINE_LEVELS = 3


def is_attribute(name: str) -> bool:
    """Whether a name can be written behind a dot and means there what `getattr` would find."""
    return bool(SAFE.fullmatch(name)) and not keyword.iskeyword(name)


class Scope(NamedTuple):
    """An object whose fields are being written: names in the text, and how deep it is indented."""

    value: str = "s"
    waiting: str = "a"
    path: str = "p"
    answer: str = "v"
    depth: int = 1


def inline(selection: Selection, levels: int = INLINE_LEVELS) -> int:
    """How many fields an object has that is answered without asking anybody; 0 for all others.

    A call for each of a thousand of them would take longer than what it does.
    """
    number = 0
    for field in selection.fields:
        type_ = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
        number += 1
        if field.told or field.begun or field.kind is Kind.DEFAULT:
            return 0
        if is_object_type(type_):
            below = inline(field.selections[type_.name], levels - 1) if levels > 1 else 0
            if not below:
                return 0
            number += below
        elif not is_leaf_type(type_):
            return 0
        if number > INLINE_FIELDS:
            return 0
    return number


class Writer:
    """The text of one plan and the objects that it refers to."""

    def __init__(self, schema: GraphQLSchema, leaves: dict[str, Leaf]) -> None:
        self.schema = schema
        self.leaves = leaves
        self.names: dict[str, Any] = dict(TABLE)
        self.lines: list[str] = []
        self.places: list[tuple[Place, str]] = []  # whose `deep` is a function of the text
        self._count = 0

    def text(self) -> str:
        return "\n".join(self.lines) + "\n"

    def bind(self, prefix: str, value: Any) -> str:
        """The name under which the text reaches an object."""
        self._count += 1
        name = f"{prefix}{self._count}"
        self.names[name] = value
        return name

    def put(self, depth: int, *lines: str) -> None:
        self.lines.extend("    " * depth + line for line in lines)

    # ------------------------------------------------------------------ selections

    def selection(self, selection: Selection) -> None:
        """Write the function of a selection: object, path, run, info to its answer."""
        for field in selection.fields:
            self._deep(field, field, field.type)
        self.put(0, f"def o{selection.number}(s, p, run, info):")
        self.put(1, "a = None")
        late = any(field.begun for field in selection.fields)
        if late:
            self.put(1, "b = None")
        if any(field.told for field in selection.fields):
            self.put(1, "tail = run.tail")
        if any(field.kind is Kind.DEFAULT for field in selection.fields):
            self.put(1, "m = is_mapping(s)")
        answer = self._fields(selection, Scope(), late)
        self.put(1, f"d = {answer}")
        if late:
            self.put(1, "if b is not None:", "    run.late.append((d, b, p))")
        self.put(1, "return d if a is None else joined(d, a)")

    def _fields(self, selection: Selection, at: Scope, late: bool = False) -> str:
        """Write how the fields of an object are answered; the text of its answer."""
        self.put(at.depth, "try:", "    pass")
        pairs = [
            self._field(field, f"{at.answer}{number}", at)
            for number, field in enumerate(selection.fields)
        ]
        self.put(at.depth, "except Exception:", f"    if {at.waiting} is not None:")
        self.put(at.depth + 2, f"run.abandon({at.waiting})")
        if late:  # nobody sees the object: what is under way is awaited all the same
            self.put(at.depth + 1, "if b is not None:", "    run.late.append(({}, b, p))")
        self.put(at.depth + 1, "raise")
        return f"{{{', '.join(pairs)}}}"

    def _field(self, field: Field, v: str, at: Scope) -> str:
        """Write how one field is answered; the pair that it adds to the answer."""
        key = self.bind("k", field.key)
        if field.kind is Kind.NAME:
            return f"{key}: {self.bind('n', field.parent.name)}"
        step = f"({at.path}, {key}, {self.bind('n', field.parent.name)})"
        if field.shown:
            step = f"make(Path, {step})"
        depth = at.depth + 1
        self.put(depth, "try:")
        if field.told:
            head = self.bind("h", field.head)
            self.put(depth + 1, f"q = {step}", f"info = make(Info, {head} + (q,) + tail)")
            step = "q"
        self._read(field, at.value, depth + 1)
        self._answer(field, v, key, step, at)
        lost = self.bind("lost", field.lost)
        self.put(depth, "except Exception as e:", f"    {v} = {lost}(e, {at.path}, run)")
        return f"{key}: {v}"

    def _read(self, field: Field, s: str, depth: int) -> None:
        """Write how the value `x` is found."""
        name = field.source
        if field.kind is Kind.RESOLVER:
            arguments = ""
            if callable(field.arguments):
                arguments = f", **{self.bind('g', field.arguments)}(run)"
            elif field.arguments:
                arguments = f", **{self.bind('g', field.arguments)}"
            self.put(depth, f"x = {self.bind('r', name)}({s}, info{arguments})")
        elif field.kind is Kind.CALL:
            self.put(depth, f"x = {self.bind('r', name)}({s})")
        elif field.kind is Kind.ATTRIBUTE:
            found = f"{s}.{name}" if is_attribute(name) else f"getattr({s}, {self.bind('n', name)})"
            self.put(depth, f"x = {found}")
        else:
            self.put(depth, "if m:", f"    x = {s}.get({self.bind('n', name)})")
            if is_attribute(name):
                self.put(depth, "else:", "    try:", f"        x = {s}.{name}")
                self.put(depth, "    except AttributeError:", "        x = None")
            else:
                self.put(depth, "else:", f"    x = getattr({s}, {self.bind('n', name)}, None)")

    def _answer(self, field: Field, v: str, key: str, step: str, at: Scope) -> None:
        """Write how `x` becomes the answer; what is not usual goes to the field itself."""
        info = "info" if field.told else "None"
        depth, into = at.depth + 2, at.waiting
        if field.kind is Kind.DEFAULT:
            rest = f"{self.bind('read', field.read)}(x, {at.path}, run, {info})"
        elif field.told:
            rest = f"{self.bind('rest', field.rest)}(x, q, run, info)"
        else:
            rest = f"{self.bind('found', field.found)}(x, {at.path}, run)"
        noted = f"{into} = mark({into}, {key}, {v})"
        unusual = [f"{v} = {rest}", f"if type({v}) is Co:", f"    {noted}"]
        named: Any = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
        if field.begun:
            begun = f"b = mark(b, {self.bind('f', field)}, x)"
            started = [f"if type(x) is {self.bind('c', field.begun)}:", f"    {v} = None"]
            unusual = [*started, f"    {begun}", "else:", *("    " + line for line in unusual)]
        if is_leaf_type(named):
            self._leaf(field, named, v, depth, unusual, (key, into, step))
            return
        branch = "if"
        if not field.required:
            self.put(depth, "if x is None:", f"    {v} = None")
            branch = "elif"
        usual, deep = self._usual(field, field, named)
        self.put(depth, f"{branch} {usual}:")
        after = f"{self.bind('after', field.after)}(%s, {step}, run)"
        self._below(deep, v, depth + 1, step, info, (after, noted))
        self.put(depth, "else:", *("    " + line for line in unusual))

    def _below(
        self,
        deep: str | Selection,
        v: str,
        depth: int,
        step: str,
        info: str,
        late: tuple[str, str],
    ) -> None:
        """Write how the object or list `x` becomes `v`, and what is done when that has to wait."""
        after, noted = late
        if isinstance(deep, str):
            self.put(depth, f"{v} = {deep}(x, {step}, run, {info})", f"if type({v}) is Co:")
            self.put(depth + 1, f"{v} = {after % v}", noted)
            return
        at = Scope(f"s{v}", f"a{v}", step, f"{v}_", depth)
        self.put(depth, f"{at.value} = x", f"{at.waiting} = None")
        self.put(depth, f"{v} = {self._fields(deep, at)}", f"if {at.waiting} is not None:")
        self.put(depth + 1, f"{v} = {after % f'joined({v}, {at.waiting})'}", noted)

    def _leaf(
        self,
        place: Place,
        type_: Any,
        v: str,
        depth: int,
        unusual: Iterable[str],
        mark_as: tuple[str, str, str],
    ) -> None:
        """Write how the leaf `x` becomes `v`."""
        leaf = leaf_of(type_, self.leaves)
        rest = ["    " + line for line in unusual]
        none = [] if place.required else ["elif x is None:", f"    {v} = None"]
        if isinstance(leaf, AsIs):
            cls = leaf.cls.__name__
            self.put(depth, f"if type(x) is {cls}{leaf.condition}:", f"    {v} = x", *none)
        elif isinstance(leaf, Named):
            cls = leaf.cls.__name__ if leaf.cls in STOCK else self.bind("c", leaf.cls)
            table = self.bind("t", leaf.table)
            self.put(depth, f"{v} = {table}.get(x) if type(x) is {cls} else None")
            self.put(depth, f"if {v} is not None:", "    pass", *none)
        else:
            odd = self.bind("odd", values.odd(place, type_))
            key, into, step = mark_as
            self.put(depth, "if type(x) in plain:")
            self.put(depth + 1, f"{v} = {self.bind('ser', leaf.function)}(x)")
            self.put(depth + 1, f"if type({v}) is not str and type({v}) not in plain:")
            self.put(depth + 1, f"    {v} = {odd}({v}, x, {step}, run)")
            self.put(
                depth + 1, f"    if type({v}) is Co:", f"        {into} = mark({into}, {key}, {v})"
            )
            self.put(depth, *none)
        self.put(depth, "else:", *rest)

    # ------------------------------------------------------------------ what is below a place

    def _usual(self, field: Field, place: Place, type_: Any) -> tuple[str, str | Selection]:
        """Which values of a place need no further look, and what answers them: a function, or the
        selection itself where it is written in place."""
        usual = "type(x) in plain"
        if not is_object_type(type_):
            return usual, self._known(place)
        selection = field.selections[type_.name]
        if type_.is_type_of:
            classes = records_of(type_)
            if not classes:
                return usual, self._known(place)
            usual = f"type(x) in {self.bind('c', classes)}"
        return usual, selection if inline(selection) else f"o{selection.number}"

    def _known(self, place: Place) -> str:
        """The name of the function that answers a place's plain values."""
        return next(name for known, name in reversed(self.places) if known is place)

    def _deep(self, field: Field, place: Place, type_: Any) -> None:
        """Find or write the function that answers a place's values, and note its name."""
        if isinstance(type_, GraphQLNonNull):
            type_ = type_.of_type
        if isinstance(type_, GraphQLList):
            item = Place(field.nodes, field.names, isinstance(type_.of_type, GraphQLNonNull))
            self._deep(field, item, type_.of_type)
            name = self._list(field, item, type_.of_type)
        elif is_leaf_type(type_):
            place.deep = values.leaf(type_)
            return
        elif is_abstract_type(type_):
            possible = {
                name: self._object(field, found) for name, found in field.selections.items()
            }
            name = self.bind("d", values.abstract(self.schema, field, type_, possible))
        else:
            found = field.selections[type_.name]
            name = f"o{found.number}"
            if type_.is_type_of:
                name = self.bind("d", self._object(field, found))
        self.places.append((place, name))

    def _object(self, field: Field, selection: Selection) -> Any:
        """The function for values of one object type below an abstract or judging type."""

        def execute(value: Any, path: Any, run: Any, info: Any) -> Any:
            return selection.execute(value, path, run, info)

        return (
            values.checked(field, selection.type, execute) if selection.type.is_type_of else execute
        )

    def _list(self, field: Field, item: Place, type_: Any) -> str:
        """Write the function of a list."""
        name = self.bind("l", None)
        before = self.bind("before", values.unusual(field, item))
        step = "(p, i, None)"
        if any(found.shown for found in field.selections.values()):
            step = f"make(Path, {step})"
        self.put(0, f"def {name}(v, p, run, info):")
        self.put(1, "if type(v) is not list and type(v) is not tuple:")
        self.put(1, f"    early = {before}(v, p, run, info)")
        self.put(1, "    if early is not None:", "        return early")
        self.put(1, "found = []", "w = None", "items = iter(v)", "try:")
        self.put(2, "for i, x in enumerate(items):", "    try:")
        rest = self.bind("rest", item.rest)
        unusual = [
            f"y = {rest}(x, {step}, run, info)",
            "if type(y) is Co:",
            "    w = mark(w, i, y)",
        ]
        if isinstance(type_, GraphQLNonNull):
            type_ = type_.of_type
        if is_leaf_type(type_):
            self._leaf(item, type_, "y", 4, unusual, ("i", "w", step))
        else:
            after = f"{self.bind('after', item.after)}(%s, {step}, run)"
            usual, deep = self._usual(field, item, type_)
            self.put(4, f"if {usual}:")
            self._below(deep, "y", 5, step, info="info", late=(after, "w = mark(w, i, y)"))
            self.put(4, "else:", *("    " + line for line in unusual))
        failed = self.bind("failed", item.failed)
        self.put(3, "except Exception as e:", f"    y = {failed}(e, (p, i, None), run)")
        self.put(3, "found.append(y)")
        self.put(1, "except Exception:", "    run.drain(w, items)", "    raise")
        self.put(1, "return found if w is None else joined(found, w)")
        return name
