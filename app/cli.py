"""The commands. Each says in one line what went wrong; secrets are shown once, to their maker."""

import asyncio
import ipaddress
import sys
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, NoReturn, TypeVar
from uuid import UUID

import typer

from app.settings import Loaded, SettingsWrong, load

T = TypeVar("T")

app = typer.Typer(
    name="vouchergraph",
    help="One GraphQL API in front of several gift-card and voucher providers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
accounts_app = typer.Typer(help="Accounts: whose data it is.", no_args_is_help=True)
clients_app = typer.Typer(help="API clients of an account.", no_args_is_help=True)
catalog_app = typer.Typer(help="The recorded catalog.", no_args_is_help=True)
audit_app = typer.Typer(help="The audit chains.", no_args_is_help=True)
wallet_app = typer.Typer(help="The accounts' money.", no_args_is_help=True)
app.add_typer(accounts_app, name="accounts")
app.add_typer(clients_app, name="clients")
app.add_typer(catalog_app, name="catalog")
app.add_typer(audit_app, name="audit")
app.add_typer(wallet_app, name="wallet")


def main() -> None:
    """Run a command; exit code 2 for wrong settings, 1 for what failed, each with its reason."""
    app()


def _fail(message: str, code: int = 1) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)


def _run(command: Callable[[Loaded], Coroutine[Any, Any, T]], *, logs: bool = False) -> T:
    """Read the settings and run a command with them; whatever refuses it is told in one line."""
    # The parts are heavy and look at the machine: only a command that runs imports them.
    from app.composition import StartRefused  # noqa: PLC0415
    from app.sandbox import SandboxBroken  # noqa: PLC0415
    from app.telemetry import configure_logging, where  # noqa: PLC0415
    from db.migrate import MigrationFailed  # noqa: PLC0415
    from db.pool import DatabaseUnavailable, WallBroken  # noqa: PLC0415
    from providers import REGISTRY  # noqa: PLC0415
    from vault import VaultError  # noqa: PLC0415

    known: tuple[type[Exception], ...] = (
        StartRefused,
        SandboxBroken,
        MigrationFailed,
        DatabaseUnavailable,
        WallBroken,
        VaultError,
        *_embedded_errors(),
    )
    configure_logging(quiet=not logs)
    try:
        return asyncio.run(command(load(REGISTRY)))
    except SettingsWrong as error:
        _fail(f"The settings are wrong:\n{error}", 2)
    except known as error:
        _fail(f"error: {error}")
    except Exception as error:  # noqa: BLE001 - a trace would show values
        _fail(f"error: unexpected {type(error).__name__} at {' <- '.join(reversed(where(error)))}")
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _embedded_errors() -> tuple[type[Exception], ...]:
    from app.postgres import PostgresFailed  # noqa: PLC0415

    return (PostgresFailed,)


@app.command()
def serve() -> None:
    """Start the API, the background worker, and simulators where no provider is set up."""
    from app.service import serve as run  # noqa: PLC0415

    _run(run, logs=True)


@app.command()
def worker() -> None:
    """Do background work only."""
    from app.service import work  # noqa: PLC0415

    _run(work, logs=True)


@app.command("migrate")
def migrate_command() -> None:
    """Bring the database up to date."""

    async def run(loaded: Loaded) -> list[str]:
        from app.composition import StartRefused, core  # noqa: PLC0415
        from db.migrate import migrate  # noqa: PLC0415

        url = loaded.settings.database_direct_url or loaded.settings.database_url
        if url is None:
            raise StartRefused("DATABASE_URL is not set; the embedded database migrates itself")
        applied = await migrate(url.get_secret_value())
        async with core(loaded):  # stamps a new database with its mode, and checks the wall
            return applied

    applied = _run(run)
    typer.echo(f"applied: {', '.join(applied)}" if applied else "up to date")


@app.command()
def simulators(
    seed: Annotated[int, typer.Option(help="The same seed, the same world.")] = 7,
) -> None:
    """Run the simulators alone, until stopped."""
    from simulators import running  # noqa: PLC0415

    async def run() -> None:
        from app.service import stop_signal  # noqa: PLC0415

        stop = stop_signal()
        async with running(seed) as started:
            for name, simulator in started.items():
                typer.echo(f"{name.upper()}_BASE_URL={simulator.url}")
                for field, value in simulator.credentials.items():
                    typer.echo(f"{name.upper()}_{field.upper()}={value}")
            sys.stdout.flush()
            await stop.wait()

    asyncio.run(run())


@app.command()
def reconcile(
    provider: Annotated[str | None, typer.Argument(help="One provider; all without it.")] = None,
    since: Annotated[
        str | None, typer.Option(help="From that day or instant on; 14 days ago without it.")
    ] = None,
) -> None:
    """Compare our orders with the providers': EXPECTED, MISMATCHED, ORPHANED, DUPLICATED."""
    from app.comparing import compare, instant, table  # noqa: PLC0415

    try:
        start = instant(since)
    except ValueError:
        _fail("error: --since is a day or an instant, such as 2026-01-31", 2)
    reports = _run(lambda loaded: compare(loaded, provider, start))
    for line in table(reports):
        typer.echo(line)
    if any(report.problem for report in reports):
        raise typer.Exit(1)


@app.command()
def sdl(
    *,
    federation: Annotated[bool, typer.Option(help="As `_service { sdl }` answers it.")] = False,
    without_node: Annotated[bool, typer.Option(help="Leave out node and nodes.")] = False,
) -> None:
    """Print the schema."""
    from schema import build_schema  # noqa: PLC0415
    from schema.sdl import federation_sdl, plain_sdl  # noqa: PLC0415

    if without_node and not federation:
        _fail("error: --without-node goes with --federation", 2)
    schema = build_schema()
    text = federation_sdl(schema, with_node=not without_node) if federation else plain_sdl(schema)
    typer.echo(text, nl=not text.endswith("\n"))


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

    typer.echo(str(_run(run)))


@accounts_app.command("list")
def list_accounts() -> None:
    """Every account: id and name."""

    async def run(loaded: Loaded) -> list[str]:
        from app.composition import core  # noqa: PLC0415
        from db import accounts  # noqa: PLC0415

        async with core(loaded) as parts, parts.database.worker(read_only=True) as conn:
            return [f"{one.id}  {one.name}" for one in await accounts.listed(conn)]

    for line in _run(run):
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
        _fail(f"error: {error}", 2)

    async def run(loaded: Loaded) -> tuple[str, str]:
        from app import issuing  # noqa: PLC0415
        from app.composition import core  # noqa: PLC0415

        async with core(loaded) as parts:
            made = await issuing.create(parts, account, name, scopes, addresses, spend)
            return made.key, made.secret.reveal()

    key, secret = _run(run)
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

    for line in _run(run):
        typer.echo(line)


@clients_app.command("revoke")
def revoke_client(key: str) -> None:
    """End a client for good; running processes follow within five seconds."""

    async def run(loaded: Loaded) -> bool:
        from app import issuing  # noqa: PLC0415
        from app.composition import core  # noqa: PLC0415

        async with core(loaded) as parts:
            return await issuing.revoke(parts, key)

    if not _run(run):
        _fail("error: there is no such client, or it was revoked before")
    typer.echo("revoked")


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

    typer.echo(_run(run))


@catalog_app.command("refresh")
def refresh_catalog() -> None:
    """Read every provider's catalog now."""

    async def run(loaded: Loaded) -> list[tuple[str, int, str | None]]:
        from app.composition import core, opened_providers  # noqa: PLC0415
        from ordering.catalog import refresh  # noqa: PLC0415

        async with (
            core(loaded) as parts,
            opened_providers(loaded, parts, simulate=True) as (providers, _),
        ):
            done = await refresh(parts.database, providers)
        return [
            (one.provider, one.products, one.problem.message if one.problem else None)
            for one in done
        ]

    failed = False
    for provider, products, problem in sorted(_run(run)):
        failed = failed or problem is not None
        typer.echo(f"{provider}  {problem or f'{products} products'}")
    if failed:
        raise typer.Exit(1)


@audit_app.command("verify")
def verify_audit() -> None:
    """Check every account's chain; exit code 1 and the first broken row when one does not hold."""

    async def run(loaded: Loaded) -> list[str]:
        from app.composition import core  # noqa: PLC0415
        from db import accounts, audit  # noqa: PLC0415

        async with core(loaded) as parts:
            key = await parts.keys.audit()
            async with parts.database.worker(read_only=True) as conn:
                return [
                    f"{account.name}  row {found.sequence}: {found.reason}"
                    for account in await accounts.listed(conn)
                    if (found := await audit.verify(conn, account.id, key))
                ]

    broken = _run(run)
    for line in broken:
        typer.echo(line, err=True)
    if broken:
        raise typer.Exit(1)
    typer.echo("every chain holds")
