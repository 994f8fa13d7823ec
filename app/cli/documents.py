"""Registered documents: those that run where only trusted ones do."""

from pathlib import Path
from typing import Annotated

import typer

from app.running import fail, run_command
from app.settings import Loaded

documents_app = typer.Typer(help="Documents that are registered to run.", no_args_is_help=True)

Place = Annotated[
    Path | None,
    typer.Argument(help="Where they are; without it VOUCHERGRAPH_TRUSTED_DOCUMENTS."),
]


@documents_app.command()
def register(
    file: Annotated[
        Path, typer.Argument(help="Of graphql-codegen, Relay or Apollo: documents by their ids.")
    ],
    into: Annotated[
        Path | None,
        typer.Option(help="The directory; without it VOUCHERGRAPH_TRUSTED_DOCUMENTS."),
    ] = None,
) -> None:
    """Register every document of a file; none when one of them cannot run here."""
    from app.registered import ManifestBroken  # noqa: PLC0415
    from app.registering import NotRegistered  # noqa: PLC0415
    from app.registering import register as written  # noqa: PLC0415

    directory = _place(into)
    try:
        done = written(file, directory)
    except ManifestBroken as error:
        fail(f"error: {error}")
    except NotRegistered as error:
        fail("\n".join([*error.reasons, "nothing was registered"]))
    known = done.total - done.new
    typer.echo(f"{done.total} documents: {done.new} new, {known} known; {done.file}")


@documents_app.command("list")
def list_command(place: Place = None) -> None:
    """Every registered document: its id, its operations, its file."""
    from app.registered import ManifestBroken  # noqa: PLC0415
    from app.registering import listed  # noqa: PLC0415

    try:
        found = listed(_place(place))
    except ManifestBroken as error:
        fail(f"error: {error}")
    for one in found:
        typer.echo(f"{one.id}  {', '.join(one.operations)}  {one.file}")


@documents_app.command()
def check(place: Place = None) -> None:
    """Whether every registered document runs against this version; exit code 1 when not."""
    from app.registered import ManifestBroken, merged, read_all  # noqa: PLC0415
    from app.registering import broken  # noqa: PLC0415

    try:
        documents = merged(read_all(_place(place)))
    except ManifestBroken as error:
        fail(f"error: {error}")
    if reasons := broken(documents):
        fail("\n".join(reasons))
    typer.echo(f"{len(documents)} documents run")


def _place(given: Path | None) -> Path:
    """What was said, else the setting; only then the settings are read."""
    if given is not None:
        return given

    async def setting(loaded: Loaded) -> Path | None:
        return loaded.settings.trusted_documents

    found = run_command(setting)
    if found is None:
        fail("error: say where they are, or set VOUCHERGRAPH_TRUSTED_DOCUMENTS", 2)
    return found
