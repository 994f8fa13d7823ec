"""The accounts' money."""

from typing import Annotated
from uuid import UUID

import typer

from app.running import run_command
from app.settings import Loaded

wallet_app = typer.Typer(help="The accounts' money.", no_args_is_help=True)


# A negative amount is no option.
@wallet_app.command("adjust", context_settings={"ignore_unknown_options": True})
def adjust_wallet(
    account: UUID,
    currency: str,
    amount: str,
    reason: Annotated[str, typer.Option(help="Why; kept in the audit chain.")],
    fulfillment: Annotated[
        str | None, typer.Option(help="The fulfillment that it is about: its global id.")
    ] = None,
) -> None:
    """Put a wallet right by a signed amount; the entry's id."""

    async def run(loaded: Loaded) -> str:
        from app import adjusting  # noqa: PLC0415
        from app.composition import core  # noqa: PLC0415

        async with core(loaded) as parts:
            return await adjusting.adjust(parts, account, currency, amount, reason, fulfillment)

    typer.echo(run_command(run))
