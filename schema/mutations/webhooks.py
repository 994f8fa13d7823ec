"""Having webhooks sent again."""

from dataclasses import dataclass

import strawberry

from domain import webhooks
from domain.problems import Problem as ProblemRecord
from domain.problems import Refused
from resolvers import webhooks as resolve
from resolvers.context import Ask
from schema.faces import answer, shows
from schema.problem import Problem
from schema.webhooks import READ, WebhookEndpoint


@strawberry.input(description="An endpoint, and from where on it is told again.")
class WebhookReplayInput:
    endpoint_id: strawberry.ID = strawberry.field(description="The endpoint's global id.")
    after: str = strawberry.field(
        description="A sequence of the order log or a cursor of orderEvents: all that came after"
        ' it is sent again. "0": everything.'
    )


@dataclass(frozen=True, slots=True)
class Replayed:
    endpoint: webhooks.Endpoint | None = None
    problems: tuple[ProblemRecord, ...] = ()


@shows(Replayed)
class WebhookReplayPayload:
    """The endpoint that is told again, or why it is not."""

    endpoint: WebhookEndpoint | None = answer(description="The endpoint.")
    problems: list[Problem] = answer(description="Empty when it worked.")


async def _replay(info: Ask, input: WebhookReplayInput) -> object:
    try:
        return Replayed(await resolve.replay(info.context, input.endpoint_id, input.after))
    except Refused as refused:
        return Replayed(problems=refused.problems)


@strawberry.type
class WebhookMutations:
    webhook_replay: WebhookReplayPayload | None = answer(
        _replay,
        "Send events to an endpoint again, under the ids they had; once in a minute.",
        scopes=READ,
    )
