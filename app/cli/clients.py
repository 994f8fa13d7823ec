"""Accounts and their API clients."""

import ipaddress
from typing import Annotated
from uuid import UUID

import typer

from app.cli.running import fail, run_command
from app.settings import Loaded

accounts_app = typer.Typer(help="Accounts: whose data it is.", no_args_is_help=True)
clients_app = typer.Typer(help="API clients of an account.", no_args_is_help=True)


@accounts_app.command("create")
def create_account(name: str) -> None:
    """Make an account; its id is printed."""

    async def run(loaded: Loaded) -> UUID:
        from app.composition import StartRefused, core  # noqa: PLC0415
        from db import accounts  # noqa: PLC0415
        from domain.ids import uuid7  # noqa: PLC0415

        async with core(loaded) as parts, parts.database.worker() as conn:
            try:
                return (await accounts.add(conn, uuid7(), name)).id
            except accounts.NameTaken as error:
                raise StartRefused(str(error)) from None

    typer.echo(str(run_command(run)))


@accounts_app.command("list")
def list_accounts() -> None:
    """Every account: id and name."""

    async def run(loaded: Loaded) -> list[str]:
        from app.composition import core  # noqa: PLC0415
        from db import accounts  # noqa: PLC0415

        async with core(loaded) as parts, parts.database.worker(read_only=True) as conn:
            return [f"{one.id}  {one.name}" for one in await accounts.listed(conn)]

    for line in run_command(run):
        typer.echo(line)


@clients_app.command("create")
def create_client(
    account: Annotated[UUID, typer.Option(help="Whose data it sees.")],
    scope: Annotated[list[str], typer.Option(help="One scope; repeat it for more.")],
    name: Annotated[str, typer.Option(help="For lists.")] = "client",
    ip: Annotated[
        list[str] | None, typer.Option(help="An address or network it may come from; repeatable.")
    ] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(help="What it may spend: INR=50000/day or INR=5000/order; repeatable."),
    ] = None,
) -> None:
    """Make an API client; its secret is shown once."""
    from app.issuing import spend_limits  # noqa: PLC0415
    from domain.viewers import check_scopes  # noqa: PLC0415

    try:
        spend = spend_limits(limit or ())
        scopes = tuple(sorted(check_scopes(scope)))
        addresses = tuple(str(ipaddress.ip_network(one)) for one in ip or ())
    except ValueError as error:
        fail(f"error: {error}", 2)

    async def run(loaded: Loaded) -> tuple[str, str]:
        from app import issuing  # noqa: PLC0415
        from app.composition import core  # noqa: PLC0415

        async with core(loaded) as parts:
            made = await issuing.create(parts, account, name, scopes, addresses, spend)
            return made.key, made.secret.reveal()

    key, secret = run_command(run)
    typer.echo(f"key     {key}\nsecret  {secret}\nThe secret is not shown again.")


@clients_app.command("list")
def list_clients(
    account: Annotated[UUID | None, typer.Option(help="Of this account only.")] = None,
) -> None:
    """Every client: key id, account, name, state, scopes."""

    async def run(loaded: Loaded) -> list[str]:
        from app.composition import core  # noqa: PLC0415
        from db import clients  # noqa: PLC0415

        async with core(loaded) as parts, parts.database.worker(read_only=True) as conn:
            return [
                "  ".join(
                    (
                        one.key_id,
                        one.account_name,
                        one.name,
                        "revoked" if one.revoked_at else "active",
                        ",".join(one.scopes),
                    )
                )
                for one in await clients.listed(conn, account)
            ]

    for line in run_command(run):
        typer.echo(line)


@clients_app.command("revoke")
def revoke_client(key: str) -> None:
    """End a client for good; running processes follow within five seconds."""

    async def run(loaded: Loaded) -> bool:
        from app import issuing  # noqa: PLC0415
        from app.composition import core  # noqa: PLC0415

        async with core(loaded) as parts:
            return await issuing.revoke(parts, key)

    if not run_command(run):
        fail("error: there is no such client, or it was revoked before")
    typer.echo("revoked")
