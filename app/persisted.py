"""Documents that are not sent but named: by their hash once it is known, or registered by us.

Automatic: a client sends a document with its hash once, and the hash alone from then on. Each
account's documents are kept apart, in this process and within bounds; what was forgotten is asked
for again. Trusted: only registered documents run, however they are named.
"""

import sys
from collections import OrderedDict
from http import HTTPStatus
from uuid import UUID

from app.errors import Refusal, bad_request
from app.registered import SHA256, Trusted, digest_of
from app.requests import Operation, Sent

MOST_OF_ACCOUNT = 1024 * 1024  # bytes of text; some hundred documents of a large front end
MOST_OF_ALL = 64 * 1024 * 1024


class Documents:
    """Turns what was sent into an operation with its document. `trusted`: only these may run."""

    def __init__(self, trusted: Trusted | None = None) -> None:
        self._trusted = trusted
        self._automatic = Automatic()

    async def operation(self, sent: Sent, account: UUID | None) -> Operation:
        """The operation that was sent. Refused: its document is not known here, or not trusted."""
        text, learn = sent.query, None
        if self._trusted is not None:
            text = await self._registered(sent, self._trusted)
        elif text is None:
            text = self._known(sent, account)
        elif sent.digest is not None:
            learn = _same(sent.digest, text)
        return Operation(text, sent.variables, sent.name, sent.extensions, learn)

    def keep(self, asked: Operation, account: UUID | None) -> None:
        """Remember a document under its hash: it was valid, and its account's own wish."""
        if asked.learn is not None and account is not None:
            self._automatic.keep(account, asked.learn, asked.query)

    def _known(self, sent: Sent, account: UUID | None) -> str:
        name = sent.digest or sent.document_id or ""
        found = self._automatic.find(account, _plain(name)) if account else None
        if found is not None:
            return found
        if sent.digest is not None:
            raise _not_found()
        raise Refusal(
            HTTPStatus.BAD_REQUEST, "DOCUMENT_NOT_FOUND", "There is no document of this id."
        )

    @staticmethod
    async def _registered(sent: Sent, trusted: Trusted) -> str:
        registered = await trusted.current()
        if sent.query is not None:
            text = sent.query if sent.query in registered.texts else None
        else:
            text = registered.find(sent.document_id or sent.digest or "")
        if text is None:
            raise Refusal(
                HTTPStatus.BAD_REQUEST,
                "DOCUMENT_NOT_TRUSTED",
                "Only registered documents run here, and this is none.",
            )
        return text


def _plain(digest: str) -> str:
    return digest.removeprefix(SHA256)


def _same(digest: str, text: str) -> str:
    """The hash of a document that came with it. Refused: it is another's."""
    plain = _plain(digest)
    if digest_of(text) != plain.lower():
        raise bad_request("The hash in `persistedQuery` is not that of the document.")
    return plain.lower()


def _not_found() -> Refusal:
    """What clients of the automatic way look for, to send the document itself."""
    return Refusal(HTTPStatus.OK, "PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")


class Automatic:
    """The documents that accounts had remembered, the least recently used forgotten first.

    An account has its own bound, so it can push out no other's documents; where all together are
    too many, the account that asked longest ago begins anew.
    """

    def __init__(self, of_account: int = MOST_OF_ACCOUNT, of_all: int = MOST_OF_ALL) -> None:
        self._of_account = of_account
        self._of_all = of_all
        self._size = 0
        self._shelves: OrderedDict[UUID, _Shelf] = OrderedDict()

    def find(self, account: UUID, digest: str) -> str | None:
        shelf = self._shelves.get(account)
        if shelf is None:
            return None
        self._shelves.move_to_end(account)
        return shelf.find(digest.lower())

    def keep(self, account: UUID, digest: str, text: str) -> None:
        shelf = self._shelves.setdefault(account, _Shelf())
        self._shelves.move_to_end(account)
        before = shelf.size
        shelf.keep(digest, text, self._of_account)
        self._size += shelf.size - before
        while self._size > self._of_all and len(self._shelves) > 1:
            _, forgotten = self._shelves.popitem(last=False)
            self._size -= forgotten.size


class _Shelf:
    """The documents of one account, by their hash."""

    def __init__(self) -> None:
        self.size = 0
        self._texts: OrderedDict[str, str] = OrderedDict()

    def find(self, digest: str) -> str | None:
        text = self._texts.get(digest)
        if text is not None:
            self._texts.move_to_end(digest)
        return text

    def keep(self, digest: str, text: str, most: int) -> None:
        if digest not in self._texts:
            self._texts[digest] = text
            self.size += _size(digest, text)
        self._texts.move_to_end(digest)
        while self.size > most:
            self.size -= _size(*self._texts.popitem(last=False))


def _size(digest: str, text: str) -> int:
    """What they take in memory: a character is one to four bytes."""
    return sys.getsizeof(digest) + sys.getsizeof(text)
