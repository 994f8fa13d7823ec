"""Runs a command with the settings, and tells in one line what went wrong."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn, TypeVar

from app.settings import Loaded, SettingsWrong, load

T = TypeVar("T")


def fail(message: str, code: int = 1) -> NoReturn:
    """End the program: the message on standard error, and an exit code."""
    sys.stderr.write(f"{message}\n")
    raise SystemExit(code)


def serve() -> None:
    """Start the API, the background worker, and simulators where no provider is set up."""
    from app.service import serve as run  # noqa: PLC0415

    run_command(run, logs=True)


def worker() -> None:
    """Do background work only."""
    from app.service import work  # noqa: PLC0415

    run_command(work, logs=True)


def run_command(command: Callable[[Loaded], Coroutine[Any, Any, T]], *, logs: bool = False) -> T:
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
    )
    configure_logging(quiet=not logs)
    try:
        return asyncio.run(command(load(REGISTRY)))
    except SettingsWrong as error:
        fail(f"The settings are wrong:\n{error}", 2)
    except known as error:
        fail(f"error: {error}")
    except Exception as error:  # noqa: BLE001 - a trace would show values
        fail(f"error: unexpected {type(error).__name__} at {' <- '.join(reversed(where(error)))}")
    except KeyboardInterrupt:
        raise SystemExit(130) from None
