"""The audit chains."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from app.running import fail, run_command
from app.settings import Loaded

audit_app = typer.Typer(help="The audit chains.", no_args_is_help=True)


@audit_app.command("verify")
def verify_audit(
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            help="Checkpoints that were kept elsewhere: log lines, or what `audit checkpoint` said."
        ),
    ] = None,
) -> None:
    """Check every chain and checkpoint; exit code 1 and the first broken row of each account."""

    async def run(loaded: Loaded) -> list[str]:
        from app.composition import core  # noqa: PLC0415
        from app.verifying import verify  # noqa: PLC0415

        async with core(loaded) as parts:
            return await verify(parts, checkpoint)

    if checkpoint is not None and not checkpoint.is_file():
        fail(f"error: there is no file {checkpoint}", 2)
    broken = run_command(run)
    for line in broken:
        typer.echo(line, err=True)
    if broken:
        raise typer.Exit(1)
    typer.echo("every chain holds")


@audit_app.command("checkpoint")
def take_checkpoint() -> None:
    """Take a checkpoint now; the newest as a line of JSON, to be kept elsewhere."""

    async def run(loaded: Loaded) -> str | None:
        from app.composition import core  # noqa: PLC0415
        from db import checkpoints  # noqa: PLC0415
        from ordering.checkpoints import take  # noqa: PLC0415

        async with core(loaded) as parts:
            await take(parts.database, parts.keys)
            async with parts.database.worker(read_only=True) as conn:
                newest = await checkpoints.newest(conn)
        return msgspec.json.encode(newest.shown()).decode() if newest else None

    found = run_command(run)
    if found is None:
        fail("error: nothing was written into any audit chain yet")
    typer.echo(found)
