"""Node, and the parts that every page has."""

import strawberry

from resolvers import paging
from schema.faces import answer, shows


@strawberry.interface(description="Anything with an identity.")
class Node:
    id: strawberry.ID = strawberry.field(description="Opaque and globally unique.")


@shows(paging.PageInfo, shareable=True)
class PageInfo:
    """Where a page stands in its list."""

    has_next_page: bool = answer(description="Whether more items follow this page.")
    has_previous_page: bool = answer(description="Whether items come before this page.")
    start_cursor: str | None = answer(description="The first item's cursor.")
    end_cursor: str | None = answer(description="The last item's cursor; ask for `after` it next.")
