"""The viewer's own limits."""

from collections.abc import Sequence

from strawberry import Parent

from domain.viewers import Limit, Viewer
from resolvers.context import Ask


def limits(root: Parent[Viewer], info: Ask) -> Sequence[Limit]:
    return info.context.services.limits(root)
