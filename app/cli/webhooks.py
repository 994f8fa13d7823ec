"""Outgoing webhooks: where accounts are told about their orders."""

from typing import Annotated
from uuid import UUID

import typer

from app.running import fail, run_command
from app.settings import Loaded

webhooks_app = typer.Typer(
    help="Outgoing webhooks: where accounts are told about their orders.", no_args_is_help=True
)
Id = Annotated[str, typer.Argument(metavar="ID", help="The endpoint's id.")]


@webhooks_app.command("create")
def create_endpoint(
    account: Annotated[UUID, typer.Option(help="Whose orders it is told about.")],
    url: Annotated[str, typer.Option(help="Where to: an https:// URL of the internet.")],
    event: Annotated[
        list[str] | None,
        typer.Option(help="One event, such as order.status_changed; repeatable. All without it."),
    ] = None,
) -> None:
    """Make an endpoint; its signing secret is shown once."""
    from app.endpoints import event_types  # noqa: PLC0415

    try:
        types = event_types(event or ())
    except ValueError as error:
        fail(f"error: {error}", 2)

    async def run(loaded: Loaded) -> tuple[str, str]:
        from app import endpoints  # noqa: PLC0415
        from app.composition import core  # noqa: PLC0415

        async with core(loaded) as parts:
            id, secret = await endpoints.create(parts, account, url, types)
            return id, secret.reveal()

    id, secret = run_command(run)
    typer.echo(f"id      {id}\nsecret  {secret}\nThe secret is not shown again.")


@webhooks_app.command("list")
def list_endpoints(
    account: Annotated[UUID | None, typer.Option(help="Of this account only.")] = None,
) -> None:
    """Every endpoint: id, account, state, events, URL without its query."""

    async def run(loaded: Loaded) -> list[str]:
        from app import endpoints  # noqa: PLC0415
        from app.composition import core  # noqa: PLC0415

        async with core(loaded) as parts:
            return await endpoints.listed(parts, account)

    for line in run_command(run):
        typer.echo(line)


@webhooks_app.command("rotate")
def rotate_secret(
    id: Id,
    overlap: Annotated[
        float, typer.Option(metavar="HOURS", help="How long the old secret signs as well.")
    ] = 24.0,
) -> None:
    """Make a new signing secret, shown once; during the overlap both sign."""

    async def run(loaded: Loaded) -> tuple[str, str]:
        from app import endpoints  # noqa: PLC0415
        from app.composition import core  # noqa: PLC0415

        async with core(loaded) as parts:
            secret, until = await endpoints.rotate(parts, id, overlap)
            return secret.reveal(), until

    secret, until = run_command(run)
    typer.echo(f"secret  {secret}\nThe secret is not shown again. {until}")


@webhooks_app.command("enable")
def enable_endpoint(id: Id) -> None:
    """Send there again, first what waited and then what happened meanwhile."""
    _switch(id, on=True)
    typer.echo("enabled")


@webhooks_app.command("disable")
def disable_endpoint(id: Id) -> None:
    """Send nothing there until it is enabled again; nothing is lost meanwhile."""
    _switch(id, on=False)
    typer.echo("disabled")


@webhooks_app.command("replay")
def replay_log(
    id: Id,
    after: Annotated[
        str, typer.Option(help="A sequence of the order log or a cursor of orderEvents.")
    ],
) -> None:
    """Send again all that happened after a place in the order log, under the same ids."""

    async def run(loaded: Loaded) -> int:
        from app import endpoints  # noqa: PLC0415
        from app.composition import core  # noqa: PLC0415

        async with core(loaded) as parts:
            return await endpoints.replay(parts, id, after)

    typer.echo(f"replaying what came after {run_command(run)}")


@webhooks_app.command("deliveries")
def show_deliveries(id: Id) -> None:
    """The newest 50 deliveries: sequence, webhook-id, state, attempts, answer."""

    async def run(loaded: Loaded) -> list[str]:
        from app import endpoints  # noqa: PLC0415
        from app.composition import core  # noqa: PLC0415

        async with core(loaded) as parts:
            return await endpoints.shown(parts, id)

    for line in run_command(run):
        typer.echo(line)


def _switch(id: str, *, on: bool) -> None:
    async def run(loaded: Loaded) -> None:
        from app import endpoints  # noqa: PLC0415
        from app.composition import core  # noqa: PLC0415

        async with core(loaded) as parts:
            await endpoints.switch(parts, id, on=on)

    run_command(run)
