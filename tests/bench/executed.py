"""Bench E in a process of its own: one JSON line, the rows of its table and the ratios."""

from tests.bench.children import say
from tests.bench.execution import measured

if __name__ == "__main__":
    say(measured())
