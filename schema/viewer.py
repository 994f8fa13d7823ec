"""The viewer: who asks, for which account, with which rights."""

from datetime import datetime

import strawberry

from domain import viewers
from domain.ids import Kind, global_id
from resolvers import viewers as resolve
from schema.faces import answer, shows


@shows(viewers.Limit)
class Limit:
    """One limit that holds for this client, and what is left of it."""

    name: str = answer(
        description="What is limited: requests, cost, reveals, or money in whole units."
    )
    maximum: int = answer(description="How much there is when nothing was used.")
    remaining: int = answer(description="How much is left.")
    resets_at: datetime = answer(description="When all of it is there again.")


@shows(viewers.Viewer)
class Viewer:
    """Who asks, and what they may do."""

    account: strawberry.ID = answer(
        lambda root: global_id(Kind.ACCOUNT, root.account), "The account whose data is seen."
    )
    account_name: str = answer(description="The account's name.")
    actor: str = answer(description="Who asks, as the audit chain names them.")
    scopes: list[str] = answer(lambda root: sorted(root.scopes), "What they may do.")
    limits: list[Limit] = answer(resolve.limits, "What they may still do.")
