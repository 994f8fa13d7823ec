"""Plans by document and operation: which documents get one, and for how long."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from graphql import DocumentNode, GraphQLSchema, assert_valid_schema

from execution.compiling import Compiler
from execution.planning import Plan
from execution.selections import NotTaken, Reason

CHARACTERS = 400_000
SIGHTS = 4_096  # documents that are remembered to have been seen
AGING = 4_096  # looks after which uses count half


@dataclass(eq=False, slots=True)
class _Kept:
    """A plan, or why there is none. `uses` are halved now and then, so that old fame fades."""

    plan: Plan | Reason
    size: int
    uses: int


def _ignored(reason: Reason) -> None:
    """Nobody counts what is left to graphql-core."""


class Plans:
    """Plans of one schema for the documents that come again.

    A document is compiled at its second sight, or at the one of number `sights`; what was seen
    once costs a look into a table. Room
    is counted in characters of documents. When it is full, a document gets room only while it
    comes more often than the one least recently used: a flood of new ones evicts nobody busy.
    `on_fallback` hears of each execution that is left to graphql-core.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        capacity: int = CHARACTERS,
        on_fallback: Callable[[Reason], None] = _ignored,
        sights: int = 2,
    ) -> None:
        assert_valid_schema(schema)
        self.schema = schema
        self.on_fallback = on_fallback
        self._free = capacity
        self._wanted = sights
        self._compiler = Compiler(schema)
        self._incremental = bool(schema.get_directive("defer") or schema.get_directive("stream"))
        self._kept: OrderedDict[tuple[str, str | None], _Kept] = OrderedDict()
        self._sights: OrderedDict[int, int] = OrderedDict()
        self._looks = 0

    def __len__(self) -> int:
        """How many documents are kept, those included that are known not to be taken."""
        return len(self._kept)

    def plan(
        self, document: DocumentNode, operation_name: str | None = None, key: str | None = None
    ) -> Plan | None:
        """The plan of a valid document's operation; None where graphql-core is to execute it.

        `key` is the document's text, by default that of its source.
        """
        found = self._found(document, operation_name, key)
        if isinstance(found, Reason):
            self.on_fallback(found)
            return None
        return found

    def _found(self, document: DocumentNode, name: str | None, key: str | None) -> Plan | Reason:
        if key is None:
            if document.loc is None:
                return Reason.UNKNOWN_TEXT
            key = document.loc.source.body
        place = (key, name)
        kept = self._kept.get(place)
        if kept is None:
            return self._meet(place, document)
        self._kept.move_to_end(place)
        kept.uses += 1
        self._age()
        return kept.plan

    def _meet(self, place: tuple[str, str | None], document: DocumentNode) -> Plan | Reason:
        """Compile what is seen again and gets room."""
        if self._incremental:
            return Reason.INCREMENTAL
        mark = hash(place)
        sights = self._sights.pop(mark, 0) + 1
        self._sights[mark] = sights
        if len(self._sights) > SIGHTS:
            self._sights.popitem(last=False)
        if sights < self._wanted:
            return Reason.FIRST_SIGHT
        size = len(place[0])
        if not self._has_room(size, sights):
            return Reason.CROWDED
        plan: Plan | Reason
        try:
            plan = Plan(self.schema, self._compiler, document, place[1], self.on_fallback)
        except NotTaken as left:
            plan = left.reason
        self._kept[place] = _Kept(plan, size, sights)
        self._free -= size
        return plan

    def _has_room(self, size: int, sights: int) -> bool:
        """Make room by forgetting what comes less often than this; whether there is enough."""
        while self._free < size:
            if not self._kept:
                return False
            place, oldest = next(iter(self._kept.items()))
            if oldest.uses >= sights:
                return False
            self._free += self._kept.pop(place).size
        return True

    def _age(self) -> None:
        self._looks += 1
        if self._looks >= AGING:
            self._looks = 0
            for kept in self._kept.values():
                kept.uses //= 2
