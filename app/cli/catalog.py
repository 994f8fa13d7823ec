"""The recorded catalog."""

import typer

from app.running import run_command
from app.settings import Loaded

catalog_app = typer.Typer(help="The recorded catalog.", no_args_is_help=True)


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
    for provider, products, problem in sorted(run_command(run)):
        failed = failed or problem is not None
        typer.echo(f"{provider}  {problem or f'{products} products'}")
    if failed:
        raise typer.Exit(1)
