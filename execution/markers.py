"""What the schema's builder may say about a field, in `field.extensions["execution"]`.

A marked field is answered without its resolver. Mark only where the resolver does nothing else:
never a field with a guard, an argument, or a resolver that looks at its `info`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

EXTENSION = "execution"


@dataclass(frozen=True, slots=True)
class Attribute:
    """The field is `getattr(source, name)`, and an error where there is none."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """The field is `function(source)`; it may raise, and may return an awaitable."""

    function: Callable[[Any], Any]
