"""What operators do. They act on all accounts, and every act is audited."""

from dataclasses import dataclass

import strawberry

from domain import orders, providers
from domain.problems import Problem as ProblemRecord
from domain.problems import Refused
from domain.viewers import Scope
from resolvers import operations
from resolvers.context import Ask, operate
from schema.faces import answer, shows
from schema.order import Fulfillment
from schema.permissions import needs
from schema.problem import Problem
from schema.provider import Provider

OPERATE = needs(Scope.OPERATIONS_WRITE)


@strawberry.input(description="A provider that nothing more is bought from for now.")
class ProviderPauseInput:
    provider: str = strawberry.field(description='The provider\'s name, such as "enkash".')
    reason: str = strawberry.field(description="Why; kept in the audit chain.")


@strawberry.input(description="A paused provider that is bought from again.")
class ProviderResumeInput:
    provider: str = strawberry.field(description='The provider\'s name, such as "enkash".')


@strawberry.input(description="A person's decision about one fulfillment.")
class FulfillmentResolveInput:
    fulfillment_id: strawberry.ID = strawberry.field(description="The fulfillment's global id.")
    resolution: orders.Resolution = strawberry.field(description="What is to be done.")
    provider_order_id: str | None = strawberry.field(
        default=None, description="With LINK_PROVIDER_ORDER: the provider's own order id."
    )
    reason: str = strawberry.field(description="Why; kept in the audit chain.")


@dataclass(frozen=True, slots=True)
class Paused:
    provider: providers.Provider | None = None
    problems: tuple[ProblemRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Resumed:
    provider: providers.Provider | None = None
    problems: tuple[ProblemRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Resolved:
    fulfillment: orders.Fulfillment | None = None
    problems: tuple[ProblemRecord, ...] = ()


@shows(Paused)
class ProviderPausePayload:
    """The paused provider, or why it is not."""

    provider: Provider | None = answer(description="The provider.")
    problems: list[Problem] = answer(description="Empty when it worked.")


@shows(Resumed)
class ProviderResumePayload:
    """The provider that is bought from again, or why it is not."""

    provider: Provider | None = answer(description="The provider.")
    problems: list[Problem] = answer(description="Empty when it worked.")


@shows(Resolved)
class FulfillmentResolvePayload:
    """The fulfillment as the decision left it, or why nothing changed."""

    fulfillment: Fulfillment | None = answer(description="The fulfillment.")
    problems: list[Problem] = answer(description="Empty when it worked.")


async def _provider_pause(info: Ask, input: ProviderPauseInput) -> object:
    try:
        return Paused(await operations.pause(operate(info), input.provider, input.reason))
    except Refused as refused:
        return Paused(problems=refused.problems)


async def _provider_resume(info: Ask, input: ProviderResumeInput) -> object:
    try:
        return Resumed(await operations.resume(operate(info), input.provider))
    except Refused as refused:
        return Resumed(problems=refused.problems)


async def _fulfillment_resolve(info: Ask, input: FulfillmentResolveInput) -> object:
    try:
        return Resolved(
            await operations.resolve(
                operate(info),
                input.fulfillment_id,
                input.resolution,
                input.provider_order_id,
                input.reason,
            )
        )
    except Refused as refused:
        return Resolved(problems=refused.problems)


@strawberry.type
class OperationsMutations:
    provider_pause: ProviderPausePayload | None = answer(
        _provider_pause,
        "Send nothing more to a provider. Prices and orders there are still read.",
        scopes=OPERATE,
    )
    provider_resume: ProviderResumePayload | None = answer(
        _provider_resume, "Send to a provider again, first what waited.", scopes=OPERATE
    )
    fulfillment_resolve: FulfillmentResolvePayload | None = answer(
        _fulfillment_resolve,
        "Decide about a fulfillment that no machine can decide about.",
        scopes=OPERATE,
    )
