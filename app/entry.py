"""Where the program begins: what runs for long begins without what it will never use."""

import sys


def main() -> None:
    """Run a command; exit code 2 for wrong settings, 1 for what failed, each with its reason."""
    words = sys.argv[1:]
    if words in (["serve"], ["worker"]):
        # structlog imports rich where it can, for traces with values, which we never show: 5 MiB.
        sys.modules.setdefault("rich", None)  # type: ignore[arg-type]
        from app.running import serve, worker  # noqa: PLC0415

        return serve() if words == ["serve"] else worker()
    # All the others, and what reads their words: 3 MiB.
    from app.cli import main as run  # noqa: PLC0415

    return run()
