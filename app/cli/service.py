"""Starting it: the API, the worker, the simulators; and what needs no account."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from app.running import fail, run_command, serve, worker
from app.settings import Loaded

app = typer.Typer()
app.command()(serve)
app.command()(worker)


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

    applied = run_command(run)
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
        fail("error: --since is a day or an instant, such as 2026-01-31", 2)
    reports = run_command(lambda loaded: compare(loaded, provider, start))
    for line in table(reports):
        typer.echo(line)
    if any(report.problem for report in reports):
        raise typer.Exit(1)


@app.command()
def sdl(
    *,
    federation: Annotated[bool, typer.Option(help="As `_service { sdl }` answers it.")] = False,
    without_node: Annotated[bool, typer.Option(help="Leave out node and nodes.")] = False,
    without_scopes: Annotated[
        bool, typer.Option(help="Leave out @requiresScopes, for gateways that refuse it.")
    ] = False,
    against: Annotated[
        Path | None, typer.Option(help="Print what changes for clients of this SDL instead.")
    ] = None,
    documents: Annotated[
        Path | None, typer.Option(help="With --against: registered documents that must still run.")
    ] = None,
) -> None:
    """Print the schema; with --against its changes, and exit code 1 when one of them breaks."""
    from schema import build_schema  # noqa: PLC0415
    from schema.sdl import federation_sdl, plain_sdl  # noqa: PLC0415

    if (without_node or without_scopes) and not federation:
        fail("error: --without-node and --without-scopes go with --federation", 2)
    if documents is not None and against is None:
        fail("error: --documents goes with --against", 2)
    schema = build_schema()
    if against is not None:
        _compare(against, plain_sdl(schema), documents)
        return
    text = (
        federation_sdl(schema, with_node=not without_node, with_scopes=not without_scopes)
        if federation
        else plain_sdl(schema)
    )
    typer.echo(text, nl=not text.endswith("\n"))


def _compare(released: Path, now: str, place: Path | None) -> None:
    from graphql import GraphQLError  # noqa: PLC0415

    from app.registered import ManifestBroken, merged, read_all  # noqa: PLC0415
    from schema.changes import compare  # noqa: PLC0415

    try:
        documents = merged(read_all(place)) if place else {}
        found = compare(released.read_text(encoding="utf-8"), now, documents)
    except ManifestBroken as error:
        fail(f"error: {error}", 2)
    except (OSError, UnicodeError, GraphQLError) as error:
        fail(f"error: {released} is not an SDL that can be read ({type(error).__name__})", 2)
    for line in found.dangerous:
        typer.echo(f"warning   {line}")
    for line in found.breaking:
        typer.echo(f"breaking  {line}")
    if found.breaking:
        raise typer.Exit(1)
    typer.echo("nothing breaks")
