"""Putting money into wallets."""

from dataclasses import dataclass
from decimal import Decimal

import strawberry

from domain.problems import Problem as ProblemRecord
from domain.problems import Refused
from domain.viewers import Scope
from resolvers import wallets
from resolvers.context import Ask, operate
from schema.faces import answer, shows
from schema.permissions import needs
from schema.problem import Problem
from schema.scalars import IdempotencyKey
from schema.wallet import Wallet


@strawberry.input(description="Money for an account's wallet.")
class WalletTopUpInput:
    account: strawberry.ID | None = strawberry.field(
        default=None, description="The account's global id; without it your own."
    )
    amount: Decimal = strawberry.field(description="More than nothing, in major units.")
    currency: str = strawberry.field(description="ISO 4217 code, three capitals.")
    idempotency_key: IdempotencyKey = strawberry.field(
        description="Repeating the same request with it adds nothing more."
    )


@dataclass(frozen=True, slots=True)
class ToppedUp:
    wallet: wallets.Wallet | None = None
    replayed: bool = False
    problems: tuple[ProblemRecord, ...] = ()


@shows(ToppedUp)
class WalletTopUpPayload:
    """The wallet as it stands now, or why nothing was added."""

    wallet: Wallet | None = answer(description="The wallet of the account.")
    replayed: bool = answer(description="Whether this key had done it before.")
    problems: list[Problem] = answer(description="Empty when it worked.")


async def _top_up(info: Ask, input: WalletTopUpInput) -> object:
    context = operate(info)
    try:
        wallet, replayed = await wallets.top_up(
            context, input.account, input.amount, input.currency, input.idempotency_key
        )
    except Refused as refused:
        return ToppedUp(problems=refused.problems)
    return ToppedUp(wallet, replayed)


@strawberry.type
class WalletMutations:
    wallet_top_up: WalletTopUpPayload | None = answer(
        _top_up,
        "Add money to a wallet; repeating it with the same key adds nothing more.",
        scopes=needs(Scope.OPERATIONS_WRITE),
    )
