"""The audit chains."""

import typer

from app.cli.running import run_command
from app.settings import Loaded

audit_app = typer.Typer(help="The audit chains.", no_args_is_help=True)


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

    broken = run_command(run)
    for line in broken:
        typer.echo(line, err=True)
    if broken:
        raise typer.Exit(1)
    typer.echo("every chain holds")
