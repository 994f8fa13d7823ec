"""From an operation to functions: collect, write, compile, bind."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from types import CodeType
from typing import Any

from graphql import FragmentDefinitionNode, GraphQLSchema, OperationDefinitionNode
from graphql.execution.values import VariableValues

from execution.leaves import Leaf
from execution.selections import Collector
from execution.writing import Writer

# Root value, path, run, info: the data, or a coroutine of it.
Root = Callable[[Any, Any, Any, Any], Any]

MOST_TEXT = 1_000_000  # characters of written code that are kept compiled


class Compiler:
    """Compiles operations of one schema; documents of the same shape share their code."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._leaves: dict[str, Leaf] = {}
        self._codes: OrderedDict[str, CodeType] = OrderedDict()
        self._room = MOST_TEXT

    def compile(
        self,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: VariableValues,
    ) -> Root:
        """The function of an operation under these conditions; raises NotTaken."""
        collector = Collector(self._schema, operation, fragments, variables)
        root = collector.root()
        writer = Writer(self._schema, self._leaves)
        for selection in collector.selections:
            writer.selection(selection)
        exec(self._code(writer.text()), writer.names)  # noqa: S102 - text of our own, see writing.py
        for selection in collector.selections:
            selection.execute = writer.names[f"o{selection.number}"]
        for place, name in writer.places:
            place.deep = writer.names[name]
        execute: Root = root.execute
        return execute

    def _code(self, text: str) -> CodeType:
        code = self._codes.get(text)
        if code is None:
            code = compile(text, "<plan>", "exec")
            self._codes[text] = code
            self._room -= len(text)
            while self._room < 0:
                forgotten, _ = self._codes.popitem(last=False)
                self._room += len(forgotten)
        else:
            self._codes.move_to_end(text)
        return code
