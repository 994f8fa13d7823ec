"""Accounts and their API clients."""

import ipaddress
from datetime import timedelta
from typing import Annotated
from uuid import UUID

import typer

from app.running import fail, run_command
from app.settings import Loaded

accounts_app = typer.Typer(help="Accounts: whose data it is.", no_args_is_help=True)
# A limit of one client alone; without it the setting of that name holds.
Own = Annotated[int | None, typer.Option(min=1, max=1_000_000_000, help="Its own limit.")]
LONGEST_OVERLAP_HOURS = 24 * 90

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
    expires: Annotated[
        str | None,
        typer.Option(help="When it ends: a day, to its end, or an instant; UTC."),
    ] = None,
    rate_per_minute: Own = None,
    rate_per_10_seconds: Own = None,
    cost_budget: Own = None,
    reveals_per_order_hour: Own = None,
    vouchers_per_hour: Own = None,
) -> None:
    """Make an API client; its secret is shown once."""
    from app.issuing import expiry, spend_limits  # noqa: PLC0415
    from db.clients import Limits  # noqa: PLC0415
    from domain.viewers import check_scopes  # noqa: PLC0415

    own = Limits(
        rate_per_minute,
        rate_per_10_seconds,
        cost_budget,
        reveals_per_order_hour,
        vouchers_per_hour,
    )
    try:
        until = expiry(expires) if expires else None
        spend = spend_limits(limit or ())
        scopes = tuple(sorted(check_scopes(scope)))
        addresses = tuple(str(ipaddress.ip_network(one)) for one in ip or ())
    except ValueError as error:
        fail(f"error: {error}", 2)

    async def run(loaded: Loaded) -> tuple[str, str]:
        from app import issuing  # noqa: PLC0415
        from app.composition import core  # noqa: PLC0415

        async with core(loaded) as parts:
            made = await issuing.create(
                parts, account, name, scopes, addresses, spend, own=own, expires_at=until
            )
            return made.key, made.secret.reveal()

    key, secret = run_command(run)
    typer.echo(f"key     {key}\nsecret  {secret}\nThe secret is not shown again.")


@clients_app.command("list")
def list_clients(
    account: Annotated[UUID | None, typer.Option(help="Of this account only.")] = None,
) -> None:
    """Every client: key id, account, name, state, scopes, and what is particular to it."""

    async def run(loaded: Loaded) -> list[str]:
        from app.composition import core  # noqa: PLC0415
        from app.issuing import described  # noqa: PLC0415
        from db import clients, limits  # noqa: PLC0415

        async with core(loaded) as parts, parts.database.worker(read_only=True) as conn:
            found = await clients.listed(conn, account)
            spend = await limits.of_clients(conn, [one.id for one in found])
            pepper = parts.pepper.version
            return [described(one, spend.get(one.id, ()), pepper) for one in found]

    for line in run_command(run):
        typer.echo(line)


@clients_app.command("rotate")
def rotate_client(
    key: str,
    overlap: Annotated[
        int,
        typer.Option(
            min=0,
            max=LONGEST_OVERLAP_HOURS,
            help="For how many hours the secret of before goes on working; 0: it ends now.",
        ),
    ] = 24,
) -> None:
    """Give a client a new secret, which is shown once; the one of before works on for a while."""

    async def run(loaded: Loaded) -> tuple[str, str] | None:
        from app import issuing  # noqa: PLC0415
        from app.composition import core  # noqa: PLC0415

        async with core(loaded) as parts:
            found = await issuing.rotate(parts, key, timedelta(hours=overlap))
            if found is None:
                return None
            return found.secret.reveal(), issuing.shown(found.previous_until)

    rotated = run_command(run)
    if rotated is None:
        fail("error: there is no such client, or it was revoked or has expired")
    secret, until = rotated
    ending = f"works until {until}" if overlap else "ends within five seconds"
    typer.echo(
        f"key     {key}\nsecret  {secret}\n"
        f"The secret is not shown again. The one of before {ending}."
    )


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
