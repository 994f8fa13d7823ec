"""What an operation may cost us, known before anything of it is executed.

A scalar costs nothing and an object 1; a page costs 1 and its size times what one item costs, where
the size is `first` or `last`, or 20 without them. Other lists count as ten items, and those asked
for by keys as many as there are keys. On top come the calls at providers and the secrets opened.
Every alias counts, whatever @skip and @include say; fields that execution merges count once.

A document becomes a price once: a number, or a function of the variables that hold its sizes.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
)

Variables = Mapping[str, Any]
Price = int | Callable[[Variables], int]

LARGEST_PAGE = 100
USUAL_PAGE = 20
UNPAGED = 10
MUTATION = 10
MUTATIONS = {"orderPlace": 50}
# The library bounds how deep an introspection goes; all of the schema costs about as much.
INTROSPECTION = 100
SCALARS = {
    ("Voucher", "code"): 1,
    ("Voucher", "pin"): 1,
    ("Voucher", "claimUrl"): 1,
    ("Voucher", "referenceNumber"): 1,
}
TOTAL_COUNT = 10
KEYED = {"nodes": "ids", "_entities": "representations"}  # the argument that is as long as the list
LIVE_STATUS = 10  # for each provider, once for a page
ASKS_STATUS = frozenset(
    {("Order", name) for name in ("status", "live", "asOf")}
    | {("Fulfillment", name) for name in ("status", "providerStatus", "live", "asOf")}
)
EXTRA = {
    ("Provider", "balances"): 20,  # asked at that provider
    ("Query", "orderCounts"): 90,  # reads every order of its time
    ("Query", "auditChain"): 49,  # recomputes up to a thousand MACs
}
QUOTE = 20  # for each provider, once for a cart
ASKS_QUOTE = frozenset({"lines", "totalQuantity", "totals", "warnings"})


@dataclass(frozen=True, slots=True)
class Part:
    """The price of a part of an answer; `live` while nobody has paid for its live status yet."""

    price: Price
    live: bool = False


def price(schema: GraphQLSchema, document: DocumentNode, name: str | None, providers: int) -> Price:
    """The price of a valid document's operation, where so many providers are set up."""
    fragments: dict[str, FragmentDefinitionNode] = {}
    operation: OperationDefinitionNode | None = None
    for node in document.definitions:
        if isinstance(node, FragmentDefinitionNode):
            fragments[node.name.value] = node
        elif isinstance(node, OperationDefinitionNode) and (
            name is None or (node.name is not None and node.name.value == name)
        ):
            operation = operation or node
    if operation is None:
        return 0
    root = schema.get_root_type(operation.operation)
    if root is None:
        return 0
    return _Pricing(schema, fragments, _defaults(operation), providers).root(operation, root)


def amount(priced: Price, variables: Variables | None) -> int:
    """What it costs with these variables, as the client sent them."""
    return priced if isinstance(priced, int) else priced(variables or {})


class _Pricing:
    """One walk over one operation; documents are bounded before (see schema/documents.py)."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        defaults: Variables,
        providers: int,
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._defaults = defaults
        self._status = LIVE_STATUS * providers
        self._quote = QUOTE * providers

    def root(self, operation: OperationDefinitionNode, root: GraphQLObjectType) -> Price:
        found = []
        for nodes in self._merged([operation.selection_set], root).values():
            part = self._field(root, nodes, in_page=False)
            # An order on its own, or those of an unpaged list, are asked for at once.
            found.append(_sum([part.price, self._status if part.live else 0]))
        return _sum(found)

    def _object(
        self, sets: Sequence[SelectionSetNode], kind: GraphQLObjectType, *, in_page: bool
    ) -> Part:
        """What is selected of one object; the object itself is not in it."""
        merged = self._merged(sets, kind)
        parts = [self._field(kind, nodes, in_page=in_page) for nodes in merged.values()]
        names = {nodes[0].name.value for nodes in merged.values()}
        quote = self._quote if kind.name == "Cart" and names & ASKS_QUOTE else 0
        return Part(_sum([*(part.price for part in parts), quote]), any(p.live for p in parts))

    def _field(self, parent: GraphQLObjectType, nodes: list[FieldNode], *, in_page: bool) -> Part:
        """One field of an answer; its nodes share a name and hence their arguments."""
        name = nodes[0].name.value
        if name.startswith("__"):
            return Part(0 if name == "__typename" else INTROSPECTION)
        field = parent.fields[name]
        named = get_named_type(field.type)
        if is_leaf_type(named):
            return Part(_scalar(parent.name, name), (parent.name, name) in ASKS_STATUS)
        sets = [node.selection_set for node in nodes if node.selection_set]
        if named.name.endswith("Connection"):
            return self._page(sets, named, nodes[0], in_page=in_page)
        several = _is_list(field.type)
        below = self._any(sets, named, in_page=in_page or several)
        if parent is self._schema.mutation_type:
            return Part(_sum([MUTATIONS.get(name, MUTATION), below.price]), below.live)
        whole = _sum([1, below.price])
        if several:
            size = self._length(nodes[0], KEYED[name]) if name in KEYED else UNPAGED
            whole = _times(size, whole)
        return Part(_sum([whole, EXTRA.get((parent.name, name), 0)]), below.live)

    def _any(self, sets: Sequence[SelectionSetNode], named: Any, *, in_page: bool) -> Part:
        """What is selected of an object of that type, or of the dearest type it may have."""
        if not is_abstract_type(named):
            return self._object(sets, named, in_page=in_page)
        parts = [
            self._object(sets, kind, in_page=in_page)
            for kind in self._schema.get_possible_types(named)
        ]
        return Part(_most([part.price for part in parts]), any(part.live for part in parts))

    def _page(
        self,
        sets: Sequence[SelectionSetNode],
        kind: Any,
        node: FieldNode,
        *,
        in_page: bool,
    ) -> Part:
        """A connection: 1 and its items; those of one page are asked for at providers at once."""
        once: list[Price] = [1]
        item: list[Price] = []
        live = False
        for name, part in self._fields_of_page(sets, kind):
            live |= part.live
            (item if name in ("edges", "nodes") else once).append(part.price)
        items = _times(self._size(node), _sum(item)) if item else 0
        if live and not in_page:
            once.append(self._status)
        return Part(_sum([*once, items]), live and in_page)

    def _fields_of_page(
        self, sets: Sequence[SelectionSetNode], kind: GraphQLObjectType
    ) -> Iterable[tuple[str, Part]]:
        for nodes in self._merged(sets, kind).values():
            name = nodes[0].name.value
            if name not in ("edges", "nodes"):
                yield name, self._field(kind, nodes, in_page=True)
                continue
            below = [found.selection_set for found in nodes if found.selection_set]
            named: Any = get_named_type(kind.fields[name].type)
            part = self._any(below, named, in_page=True)
            yield name, Part(_sum([1, part.price]), part.live)

    def _merged(
        self, sets: Iterable[SelectionSetNode], kind: GraphQLObjectType
    ) -> dict[str, list[FieldNode]]:
        """The fields selected of an object of that type, by their names in the answer."""
        found: dict[str, list[FieldNode]] = defaultdict(list)
        spread: set[str] = set()
        waiting: list[SelectionNode] = [node for group in sets for node in group.selections][::-1]
        while waiting:
            node = waiting.pop()
            if isinstance(node, FieldNode):
                found[(node.alias or node.name).value].append(node)
                continue
            fragment: Any = node
            if not isinstance(node, InlineFragmentNode):
                name = fragment.name.value
                if name in spread:
                    continue
                spread.add(name)
                fragment = self._fragments[name]
            if self._applies(fragment, kind):
                waiting.extend(fragment.selection_set.selections[::-1])
        return found

    def _applies(self, fragment: Any, kind: GraphQLObjectType) -> bool:
        if fragment.type_condition is None:
            return True
        wanted = self._schema.get_type(fragment.type_condition.name.value)
        if wanted is kind:
            return True
        return is_abstract_type(wanted) and self._schema.is_sub_type(wanted, kind)

    def _size(self, node: FieldNode) -> Price:
        """How many items a page may have: too large a page is refused and costs no more."""
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        found = [
            size
            for name in ("first", "last")
            if name in given and (size := self._number(given[name])) is not None
        ]
        if not found:
            return USUAL_PAGE
        return _most(found) if len(found) > 1 else found[0]

    def _number(self, value: ValueNode) -> Price | None:
        if isinstance(value, IntValueNode):
            return _within(_literal(value))
        if isinstance(value, VariableNode):
            name, default = value.name.value, self._defaults.get(value.name.value)
            return lambda variables: _page_size(variables.get(name, default))
        return None

    def _length(self, node: FieldNode, argument: str) -> Price:
        """How many keys a list is asked for with."""
        for given in node.arguments or ():
            if given.name.value != argument:
                continue
            if isinstance(given.value, ListValueNode):
                return min(len(given.value.values), LARGEST_PAGE)
            if isinstance(given.value, VariableNode):
                name = given.value.name.value
                default = self._defaults.get(name)
                return lambda variables: _count(variables.get(name, default))
        return 1


def _is_list(kind: GraphQLOutputType) -> bool:
    return is_list_type(kind.of_type if isinstance(kind, GraphQLNonNull) else kind)


def _scalar(parent: str, name: str) -> int:
    return TOTAL_COUNT if name == "totalCount" else SCALARS.get((parent, name), 0)


def _defaults(operation: OperationDefinitionNode) -> dict[str, Any]:
    """The default values of variables that may be sizes: numbers, and lists for their length."""
    found: dict[str, Any] = {}
    for definition in operation.variable_definitions or ():
        value = definition.default_value
        if isinstance(value, IntValueNode):
            found[definition.variable.name.value] = _literal(value)
        elif isinstance(value, ListValueNode):
            found[definition.variable.name.value] = value.values
    return found


def _literal(value: IntValueNode) -> int:
    """A number in a document; a million digits would take a while and mean no less."""
    return int(value.value) if len(value.value) < 10 else LARGEST_PAGE


def _within(size: int) -> int:
    return min(max(size, 0), LARGEST_PAGE)


def _page_size(value: object) -> int:
    """As the library will read it; what it will refuse costs as much as a usual page."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _within(int(min(max(value, 0), LARGEST_PAGE)))
    return USUAL_PAGE


def _count(value: object) -> int:
    return min(len(value), LARGEST_PAGE) if isinstance(value, list | tuple) else 1


def _sum(prices: Sequence[Price]) -> Price:
    known = sum(one for one in prices if isinstance(one, int))
    others = [one for one in prices if not isinstance(one, int)]
    if not others:
        return known
    return lambda variables: known + sum([other(variables) for other in others])


def _most(prices: Sequence[Price]) -> Price:
    known = max((one for one in prices if isinstance(one, int)), default=0)
    others = [one for one in prices if not isinstance(one, int)]
    if not others:
        return known
    return lambda variables: max(known, *[other(variables) for other in others])


def _times(size: Price, one: Price) -> Price:
    if isinstance(size, int) and isinstance(one, int):
        return size * one
    return lambda variables: amount(size, variables) * amount(one, variables)
