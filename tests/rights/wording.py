"""One question in many wordings: aliases, fragments, conditions. Its rights are the same."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    GraphQLObjectType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_leaf_type,
    print_ast,
)

from tests.rights.asking import Asked
from tests.rights.printed import OPEN, of_field, schema


@dataclass
class Wording:
    """Rewrites a document; the parts below are what a way of asking changes."""

    name: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    fragments: list[str] = field(default_factory=list)

    def leaf(self, text: str, key: str, guarded: bool) -> str:
        return text

    def branch(self, text: str, key: str, guarded: bool) -> str:
        return text

    def group(self, text: str, kind: str) -> str:
        return text

    def of(self, asked: Asked) -> Asked:
        [operation] = [
            n for n in asked.document.definitions if isinstance(n, OperationDefinitionNode)
        ]
        root = schema().query_type
        body = self._set(operation.selection_set, root)
        whole = " ".join((body, *self.fragments))
        used = {name: value for name, value in self.variables.items() if f"${name}" in whole}
        declared = ", ".join(f"${name}: Boolean!" for name in used)
        head = f"query ({declared})" if declared else "query"
        text = " ".join((f"{head} {{ {body} }}", *self.fragments))
        return Asked(f"{self.name}: {asked.name}", text, used)

    def _set(self, selections: SelectionSetNode, kind: Any) -> str:
        texts = []
        for node in selections.selections:
            if isinstance(node, InlineFragmentNode):
                assert node.type_condition is not None
                name = node.type_condition.name.value
                inner = self._set(node.selection_set, schema().type_map[name])
                texts.append(f"... on {name} {{ {inner} }}")
            else:
                assert isinstance(node, FieldNode)
                texts.append(self._field(node, kind))
        return self.group(" ".join(texts), kind.name)

    def _field(self, node: FieldNode, kind: Any) -> str:
        key, name = (node.alias or node.name).value, node.name.value
        given = ", ".join(map(print_ast, node.arguments or ()))
        text = (name if key == name else f"{key}: {name}") + (f"({given})" if given else "")
        if name in OPEN or not isinstance(kind, GraphQLObjectType):
            return text
        target = get_named_type(kind.fields[name].type)
        guarded = bool(of_field(kind, name)) and kind.name != "Query"
        if is_leaf_type(target):
            return self.leaf(text, key, guarded)
        assert node.selection_set is not None
        inner = self._set(node.selection_set, target)
        return f"{self.branch(text, key, guarded)} {{ {inner} }}"


class Aliased(Wording):
    """The same field twice, under two names and its own."""

    def leaf(self, text: str, key: str, guarded: bool) -> str:
        name = text.rpartition(": ")[2]
        return f"{text} again_{key}: {name}" if guarded else text

    def branch(self, text: str, key: str, guarded: bool) -> str:
        return f"other_{text}" if text.startswith(f"{key}: ") else f"other_{key}: {text}"


class Inline(Wording):
    """Everything in fragments without a name, with the type and without, some of it twice."""

    def group(self, text: str, kind: str) -> str:
        return f"... on {kind} {{ ... {{ {text} }} }} ... {{ __typename }}"


class Named(Wording):
    """Everything in fragments with a name, each spread twice."""

    def group(self, text: str, kind: str) -> str:
        name = f"Part{len(self.fragments)}"
        self.fragments.append(f"fragment {name} on {kind} {{ {text} }}")
        return f"...{name} ...{name}"


class Included(Wording):
    """Guarded fields under conditions that hold."""

    def leaf(self, text: str, key: str, guarded: bool) -> str:
        return f"{text} @include(if: $yes) @skip(if: $no)" if guarded else text

    def branch(self, text: str, key: str, guarded: bool) -> str:
        return self.leaf(text, key, guarded)


class Left(Wording):
    """Guarded fields under conditions that do not hold: as if they were not there."""

    def leaf(self, text: str, key: str, guarded: bool) -> str:
        return f"{text} @skip(if: $yes)" if guarded else text

    def branch(self, text: str, key: str, guarded: bool) -> str:
        return f"{text} @include(if: $no)" if guarded else text


CONDITIONS = {"yes": True, "no": False}
WORDINGS: Mapping[str, Callable[[], Wording]] = {
    "aliases": lambda: Aliased("aliases"),
    "inline fragments": lambda: Inline("inline fragments"),
    "named fragments": lambda: Named("named fragments"),
    "included": lambda: Included("included", CONDITIONS),
    "left out": lambda: Left("left out", CONDITIONS),
}
