"""What a client takes: media types and encodings, each with its preference (RFC 9110)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

from aiohttp import web

JSON = "application/json"
RESPONSE_JSON = "application/graphql-response+json"
ENCODINGS = ("gzip", "deflate")  # that we pack with, the better first
QUALITY = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")
UTF_8 = ("utf-8", "utf8")


def answers_with(request: web.Request) -> tuple[str, bool]:
    """The media type of the answer, and whether an error before execution is an HTTP error there.

    Whoever asks for plain JSON by its name gets 200 with errors, as the specification says of that
    type; all others see 400. Of two that are equally welcome: the newer where it is named.
    """
    kind, strict, _ = _json(_sent(request))
    return kind, strict


def takes_json(request: web.Request) -> bool:
    """Whether a client takes any of the two types that a single answer has."""
    return _json(_sent(request))[2]


@lru_cache(maxsize=256)  # a client sends the same with every request
def _json(sent: str) -> tuple[str, bool, bool]:
    """The type of an answer, whether it is strict with errors, and whether it is taken at all."""
    wanted = _taken(sent)
    newer, plain = quality(wanted, RESPONSE_JSON), quality(wanted, JSON)
    taken = max(newer, plain) > 0
    if newer > plain or (newer == plain > 0 and RESPONSE_JSON in wanted):
        return RESPONSE_JSON, True, taken
    return JSON, wanted.get(JSON, 0) <= 0, taken


def accepted(request: web.Request) -> Mapping[str, float]:
    """The ranges of media types that a client takes, each with its preference from 0 to 1.

    What is to be written in another charset than ours is left out: it is not what we have.
    """
    return _taken(_sent(request))


def _sent(request: web.Request) -> str:
    sent = [one for one in request.headers.getall("Accept", ()) if one.strip()]
    return ",".join(sent) if sent else "*/*"


@lru_cache(maxsize=256)
def _taken(sent: str) -> Mapping[str, float]:
    return MappingProxyType(
        {
            kind: preference
            for kind, parameters, preference in _listed(sent)
            if _charset(parameters) in UTF_8
        }
    )


def quality(wanted: Mapping[str, float], kind: str) -> float:
    """How much one media type is wanted: the most exact range that holds it decides."""
    ranges = (kind, f"{kind.partition('/')[0]}/*", "*/*")
    return next((wanted[one] for one in ranges if one in wanted), 0.0)


def packing(request: web.Request, offered: tuple[str, ...] = ENCODINGS) -> str | None:
    """The encoding of an answer among those offered; None: it is sent as it is."""
    return _packing(",".join(request.headers.getall("Accept-Encoding", ())), offered)


@lru_cache(maxsize=256)
def _packing(sent: str, offered: tuple[str, ...]) -> str | None:
    wanted = {name: preference for name, _, preference in _listed(sent)}
    anything = wanted.get("*", 0.0)
    # The first of equals.
    best = max(offered, key=lambda name: wanted.get(name, anything), default="")
    return best if wanted.get(best, anything) > 0 and best else None


def _listed(sent: str) -> Iterator[tuple[str, list[str], float]]:
    """The entries of a list header: name, parameters, preference (0 where it cannot be read)."""
    for part in sent.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        preferences = [piece[2:] for piece in parameters if piece.startswith("q=")]
        sent = preferences[0] if preferences else "1"
        if name:
            yield name, parameters, float(sent) if QUALITY.fullmatch(sent) else 0.0


def _charset(parameters: Sequence[str]) -> str:
    sent = (piece[8:].strip('"') for piece in parameters if piece.startswith("charset="))
    return next(sent, UTF_8[0])
