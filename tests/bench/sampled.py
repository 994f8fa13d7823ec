"""The service with a sampler in it: where its processor time goes, by the stack of each sample.

It is told by signals: SIGUSR1 begins, SIGUSR2 writes what was found to the file named first and
begins anew. What follows the file's name are the arguments of `vouchergraph`.
"""

import json
import signal
import sys
from collections import Counter
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from app.cli import main as run

EVERY = 0.001  # seconds of processor time; the kernel's clock may make it longer
DEEPEST = 80


class Sampler:
    """Counts stacks, innermost first, as file, first line and name of each function."""

    def __init__(self, found: Path) -> None:
        self._found = found
        self._stacks: Counter[tuple[Any, ...]] = Counter()

    def install(self) -> None:
        signal.signal(signal.SIGPROF, self._sample)
        signal.signal(signal.SIGUSR1, self._begin)
        signal.signal(signal.SIGUSR2, self._write)

    def _begin(self, *_: object) -> None:
        self._stacks.clear()
        signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)

    def _sample(self, _: int, frame: FrameType | None) -> None:
        codes: list[CodeType] = []
        while frame is not None and len(codes) < DEEPEST:
            codes.append(frame.f_code)
            frame = frame.f_back
        self._stacks[tuple(codes)] += 1

    def _write(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        shown = [
            [[[code.co_filename, code.co_firstlineno, code.co_qualname] for code in stack], number]
            for stack, number in self._stacks.items()
        ]
        partly = self._found.with_suffix(".part")
        partly.write_text(json.dumps(shown), encoding="utf-8")
        partly.replace(self._found)


def main() -> None:
    found = Path(sys.argv.pop(1))
    Sampler(found).install()
    run()


if __name__ == "__main__":
    main()
