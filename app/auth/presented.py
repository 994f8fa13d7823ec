"""The credentials that came with a request, as they were sent; nothing of them is checked here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.secret import Secret

NAMES = ("X-API-Key", "X-API-Secret", "Authorization")


class Ambiguous(Exception):
    """More than one set of credentials, or something that cannot be one."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key id with its secret."""

    key: str
    secret: Secret


@dataclass(frozen=True, slots=True)
class BearerToken:
    """The token of an Authorization header."""

    token: Secret


Presented = ApiKey | BearerToken


def from_headers(headers: Mapping[str, str]) -> Presented | None:
    """What the headers hold; None without any. Ambiguous.

    The mapping must find names in any case, as the server's does. What is sent twice is refused: a
    proxy on the way may have looked at the other one.
    """
    key, secret, authorization = (_once(headers, name) for name in NAMES)
    if key is None and secret is None and authorization is None:
        return None
    if authorization is None and key is not None and secret is not None:
        return ApiKey(key, Secret(secret))
    if authorization is not None and key is None and secret is None:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() == "bearer":
            return BearerToken(Secret(token.strip(" ")))
    raise Ambiguous


def _once(headers: Mapping[str, str], name: str) -> str | None:
    all_of = getattr(headers, "getall", None)
    if all_of is None:
        return headers.get(name)
    found: Sequence[str] = all_of(name, ())
    if len(found) > 1:
        raise Ambiguous
    return found[0] if found else None
