"""What the schema's builder may say about a field or type, in its `extensions["execution"]`.

A marked field is answered without its resolver. Mark only where the resolver does nothing else:
never a field with a guard, an argument, or a resolver that looks at its `info`.

Any field may name in `field.extensions["execution-begun"]` a class of awaitables: those that its
resolver returns are under way already, end alone, and may be awaited twice. They are awaited one
after the other once everything else of the answer is there, without a task for each, so that their
errors come behind all others. It is taken for leaves that may be null.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

EXTENSION = "execution"
BEGUN = "execution-begun"


@dataclass(frozen=True, slots=True)
class Attribute:
    """The field is `getattr(source, name)`, and an error where there is none."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """The field is `function(source)`; it may raise, and may return an awaitable."""

    function: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Shows:
    """On an object type: values of exactly these classes are always of this type.

    Its `is_type_of` says so too, wherever it is asked, and looks at no `info`.
    """

    classes: frozenset[type]
