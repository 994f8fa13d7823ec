"""How far a long command has come: one line that counts at a terminal, else a line now and then."""

import sys
import time
from typing import TextIO

LINE_SECONDS = 5.0
DRAW_SECONDS = 0.1


class Counter:
    """Call it with what is counted, how many are done, and of how many. Written to standard error.

    At a terminal one line is drawn anew; elsewhere a plain line is written for the first and the
    last of each kind and every five seconds in between.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._drawn = self._stream.isatty()
        self._what = ""
        self._at = 0.0

    def __call__(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        first, last = what != self._what, done >= total
        pause = DRAW_SECONDS if self._drawn else LINE_SECONDS
        if not (first or last) and now - self._at < pause:
            return
        if first and self._what and self._drawn:
            self._stream.write("\n")
        self._what, self._at = what, now
        line = f"{what}: {done:,} of {total:,}"
        self._stream.write(f"\r\x1b[2K{line}" if self._drawn else f"{line}\n")
        self._stream.flush()

    def close(self) -> None:
        """Leave the line where it stands."""
        if self._what and self._drawn:
            self._stream.write("\n")
            self._stream.flush()
