"""Subscribers who are told the same: each event is executed and encoded once for all of them.

A crowd is made of subscriptions with the same viewer and credentials that ask the same and have
been told the same so far. One task reads the log for them, asks once whether the credentials hold,
and hands the answer to each. Who is behind, reads too slowly, or is told something of their own
(see `Unshared`) leaves the crowd and goes on alone from where they stand; who is level again may
come back.
"""

import asyncio
import secrets
from collections.abc import Hashable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import replace
from typing import Protocol

import structlog
from structlog.contextvars import bind_contextvars

from app.encoding import encode
from app.operations import Gateway, shown
from domain.orders import OrderEvent
from resolvers.context import Context
from resolvers.subscriptions import ended, holds
from schema import Opened

log = structlog.get_logger()

AT_ONCE = 200  # are told before others of this process have their turn: about 5 ms


class Gone(Exception):
    """Nothing reaches the other side any more."""


class Follower(Protocol):
    """One subscription, as the crowd that tells it knows it. Both may raise Gone."""

    async def tell(self, sequence: int, payload: bytes) -> bool:
        """Send an event's answer without waiting for its reader; whether the next may follow."""

    async def caught_up(self) -> None:
        """Wait until its reader has taken what was sent."""


class Unshared(Exception):
    """What an event comes to is not the same for all: each is to be answered alone."""


class Member:
    """A follower while it is told with the others; `ending` is its own end of every answer."""

    __slots__ = ("after", "ending", "follower", "parted")

    def __init__(self, follower: Follower, after: int, ending: bytes) -> None:
        self.follower = follower
        self.after = after
        self.ending = ending
        # When it has to go on alone: behind which number.
        self.parted: asyncio.Future[int] = asyncio.get_running_loop().create_future()


class Crowd:
    """Those who ask the same. `place` is what all have been told; None while there is nobody."""

    def __init__(self, gateway: Gateway, opened: Opened, context: Context) -> None:
        self._gateway = gateway
        self._context = context
        self._members: dict[Member, None] = {}
        self._task: asyncio.Task[None] | None = None
        self._apart = False
        self.opened = opened
        self.place: int | None = None
        self.known = 0  # subscriptions that may join, or have joined

    @property
    def apart(self) -> bool:
        """Whether they are told something of their own: nobody is to join."""
        return self._apart

    def takes(self, place: int, *, level: bool) -> bool:
        """Whether one who was told all up to there may join; `level`: with the end of the log."""
        if self._apart:
            return False
        return level if self.place is None else place >= self.place

    async def join(self, follower: Follower, after: int, ending: bytes) -> int:
        """Be told with the others; when it is over, the last number that was told.

        Raises what `ended` says when the credentials no longer hold.
        """
        member = Member(follower, after, ending)
        self._members[member] = None
        if self._task is None:
            self.place = after
            self._task = asyncio.create_task(self._run(after))
        try:
            return await member.parted
        finally:
            self._members.pop(member, None)
            if not self._members:
                self._rest()

    # ------------------------------------------------------------ the task

    async def _run(self, after: int) -> None:
        """Tell every event until nobody is left, or they part."""
        # What fails is logged once, under a number of its own, which all are told.
        number = secrets.token_hex(12)
        bind_contextvars(request_id=number)
        try:
            context, opened = self._context, self.opened
            feed = context.services.feed
            async with aclosing(feed.follow(context.account, after)) as events:
                async for event in events:
                    if opened.following.tells(event):
                        if not await holds(context):
                            return self._part(valid=False)
                        body = await self._answered(event, number)
                        self.place = event.sequence
                        await self._tell(event.sequence, body)
                    self.place = event.sequence
        except Unshared:
            pass
        except Exception as error:  # noqa: BLE001 - each may meet it alone, and come back
            log.warning("crowd.parted", cause=type(error).__name__)
        return self._part()

    async def _answered(self, event: OrderEvent, number: str) -> bytes:
        """The answer to one event, but for its end."""
        own = replace(self._context, denials={}, seen=[]).fresh()
        try:
            result = await self.opened.answer(event, own)
        finally:
            for work in own.finish():
                self._gateway.defer(work)
        found = shown(result, own, number, streamed=True)
        # A denial is recorded for each, and the next event will very likely bring another.
        self._apart = bool(own.denials)
        if self._apart or found.refused:
            raise Unshared
        return encode(found.body)[:-1]

    async def _tell(self, sequence: int, body: bytes) -> None:
        for number, member in enumerate(list(self._members), start=1):
            if member.after < sequence and member in self._members:
                member.after = sequence
                try:
                    level = await member.follower.tell(sequence, body + member.ending)
                except Exception as error:  # noqa: BLE001 - it is that follower's own
                    self._leave(member, error)
                else:
                    if not level:
                        self._leave(member)
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)

    def _leave(self, member: Member, error: Exception | None = None) -> None:
        self._members.pop(member, None)
        if member.parted.done():
            return
        if error is None:
            member.parted.set_result(member.after)
        else:
            member.parted.set_exception(error)

    def _part(self, *, valid: bool = True) -> None:
        """All go on alone from where they stand; or are told that their credentials ended."""
        place = self.place or 0
        # Who joins now joins anew.
        self._task = self.place = None
        for member in list(self._members):
            member.after = max(member.after, place)
            self._leave(member, None if valid else ended())

    def _rest(self) -> None:
        """Nobody is left: stop, until somebody joins."""
        task, self._task, self.place = self._task, None, None
        if task is not None:
            task.cancel()


class Crowds:
    """All crowds of this process; one is kept while a subscription knows it."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._crowds: dict[Hashable, Crowd] = {}

    def __len__(self) -> int:
        return len(self._crowds)

    @contextmanager
    def known(self, opened: Opened, context: Context, stands_with: Hashable) -> Iterator[Crowd]:
        """The crowd of those who ask what this subscription asks, with the same credentials."""
        key = opened.question, context.viewer, stands_with
        crowd = self._crowds.get(key)
        if crowd is None:
            crowd = self._crowds[key] = Crowd(self._gateway, opened, context)
        else:
            opened.discard()  # one for all is enough
        crowd.known += 1
        try:
            yield crowd
        finally:
            crowd.known -= 1
            if not crowd.known:
                del self._crowds[key]
                crowd.opened.discard()
