"""The audit chain of an account, as auditors see it."""

from datetime import datetime

import strawberry

from domain import audit
from domain.viewers import Scope
from resolvers import audit as resolve
from resolvers import paging
from schema.faces import answer, shows
from schema.node import Node, PageInfo
from schema.permissions import needs


@shows(audit.AuditEvent, scopes=needs(Scope.AUDIT_READ))
class AuditEvent(Node):
    """One row of an account's chain. `mac` covers it and the row before it."""

    id: strawberry.ID = answer(resolve.global_id, "Opaque and globally unique.")
    sequence: str = answer(lambda root: str(root.sequence), "Its place in the chain, without gaps.")
    at: datetime = answer(description="When it was written.")
    actor: str = answer(lambda root: root.act.actor, "Who did it.")
    action: audit.AuditAction = answer(lambda root: root.act.action, "What was done.")
    subject: strawberry.ID = answer(lambda root: root.act.subject, "To what: a global id.")
    fields: list[str] = answer(lambda root: root.act.fields, "Which of its fields.")
    purpose: str | None = answer(lambda root: root.act.purpose, "What for, as the client said.")
    request_id: str = answer(lambda root: root.act.request_id or "", "In which request.")
    mac: str = answer(lambda root: root.mac.hex(), "Keyed digest of this row and the one before.")


@shows(paging.Edge)
class AuditEventEdge:
    cursor: str = answer(description="This item's place in the list.")
    node: AuditEvent = answer(description="The item.")


@shows(paging.Connection)
class AuditEventConnection:
    edges: list[AuditEventEdge] = answer(description="The items with their cursors.")
    nodes: list[AuditEvent] = answer(description="The items.")
    page_info: PageInfo = answer(description="Where this page stands.")


@shows(audit.AuditChain)
class AuditChain:
    """Whether the account's chain holds, by its newest rows and its newest checkpoint."""

    length: str = answer(lambda root: str(root.length), "How many rows it has.")
    head: str | None = answer(
        lambda root: root.head.hex() if root.head else None,
        "The mac of its newest row; null where there is none.",
    )
    checked: int = answer(description="How many of the newest rows were checked, at most 1,000.")
    intact: bool = answer(
        lambda root: root.first_broken is None,
        "Nothing that was checked is missing, altered, moved or cut off, as far as the newest"
        " checkpoint and the rows after it can tell.",
    )
    first_broken: str | None = answer(
        lambda root: None if root.first_broken is None else str(root.first_broken),
        "The sequence of the first row that does not hold; null while it is intact.",
    )
    checkpoint_at: datetime | None = answer(
        description="When the newest checkpoint of it was taken; null before the first."
    )
