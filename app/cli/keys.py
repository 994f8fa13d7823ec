"""The master keys, the data keys, and the values sealed under them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from app.cli.progress import Counter
from app.running import fail, run_command
from app.settings import Loaded

if TYPE_CHECKING:
    from ordering.rekeying import Status
    from ordering.resealing import Resealed, Resealing

keys_app = typer.Typer(help="Master keys, and the data keys under them.", no_args_is_help=True)


@keys_app.command("status")
def status_of_keys() -> None:
    """Which master versions there are, what is sealed under each, and what may be retired."""

    async def run(loaded: Loaded) -> "Status":
        async with _resealing(loaded) as parts:
            return await parts.rekeying.status()

    for line in _shown(run_command(run)):
        typer.echo(line)


@keys_app.command("rotate")
def rotate_keys() -> None:
    """Make a new master version and seal new data keys under it; then run `keys rewrap`."""

    async def run(loaded: Loaded) -> int:
        async with _resealing(loaded) as parts:
            return await parts.rekeying.rotate()

    version = run_command(run)
    typer.echo(
        f"master key version {version} is active; back the key ring up now, then run:"
        " vouchergraph keys rewrap"
    )


@keys_app.command("rewrap")
def rewrap_keys(
    *,
    values: Annotated[
        bool, typer.Option(help="Make new data keys, and seal every value anew under them.")
    ] = False,
    account: Annotated[
        UUID | None, typer.Option(help="With --values: of this account only.")
    ] = None,
) -> None:
    """Move every data key under the active master version. Cut off, run it again."""
    if account is not None and not values:
        fail("error: --account goes with --values", 2)
    counter = Counter()

    async def rewrapped(loaded: Loaded) -> int:
        async with _resealing(loaded) as parts:
            return await parts.rekeying.rewrap(counter)

    async def resealed(loaded: Loaded) -> "Resealed":
        async with _resealing(loaded) as parts:
            return await parts.run(account, counter)

    try:
        if not values:
            typer.echo(f"{run_command(rewrapped):,} data keys moved; see: vouchergraph keys status")
            return
        done = run_command(resealed)
    finally:
        counter.close()
    typer.echo(
        f"{'resumed: ' if done.resumed else ''}{done.replaced:,} data keys replaced,"
        f" {done.values:,} values sealed anew, {done.deleted:,} old data keys deleted"
    )
    if done.unreadable:
        fail(f"error: values of {done.unreadable:,} rows do not open and were left as they are")
    if done.kept:
        fail(f"error: {done.kept:,} old data keys are still in use: run it again")


@keys_app.command("retire")
def retire_key(version: Annotated[int, typer.Argument(min=1)]) -> None:
    """Let a master version go for good; refused while anything is sealed under it."""

    async def run(loaded: Loaded) -> bool:
        async with _resealing(loaded) as parts:
            return await parts.rekeying.retire(version)

    gone = run_command(run)
    typer.echo(
        f"master key version {version} is retired"
        + ("" if gone else " and may now be taken out of VOUCHERGRAPH_KEY_RING")
    )


@asynccontextmanager
async def _resealing(loaded: Loaded) -> AsyncIterator["Resealing"]:
    from app.composition import core  # noqa: PLC0415
    from ordering.rekeying import Rekeying  # noqa: PLC0415
    from ordering.resealing import Resealing  # noqa: PLC0415

    async with core(loaded) as parts:
        rekeying = Rekeying(parts.database, parts.vault, parts.keys)
        yield Resealing(parts.database, parts.vault, parts.keys, rekeying)


def _shown(status: "Status") -> list[str]:
    """The table of `keys status`."""
    lines = []
    known = {*status.masters.versions, *(count.version for count in status.keys)}
    for version in sorted(known):
        marks = [
            "active" if version == status.masters.active else "",
            "retired: take it out of the key ring" if version in status.retired else "",
            "may be retired" if version in status.retirable else "",
            "MISSING from the key ring" if version not in status.masters.versions else "",
        ]
        lines.append("  ".join((f"master key version {version}", *filter(None, marks))))
        lines += [
            f"  {count.purpose.value:<12} {count.active:,} active, {count.retired:,} old"
            for count in status.keys
            if count.version == version
        ]
    lines.append(f"values under old data keys: {status.behind:,}")
    if status.open_runs:
        lines.append("a run of `vouchergraph keys rewrap --values` was cut off: run it again")
    return lines
