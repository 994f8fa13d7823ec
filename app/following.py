"""One subscription from its first event to its end: alone, or told with others who ask the same."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from strawberry.types import ExecutionResult

from app.auth import Caller
from app.crowds import Crowd, Follower, Gone
from app.encoding import encode
from app.operations import Gateway, Result, finished, results, shown
from app.requests import Operation
from domain.orders import OrderEvent
from resolvers.context import Context
from resolvers.feed import AT_ONCE
from resolvers.reveals import record_denials
from resolvers.subscriptions import denied, ended, holds
from schema import Opened
from schema.opening import as_error


async def followed(
    gateway: Gateway,
    asked: Operation,
    context: Context,
    caller: Caller,
    request_id: str,
    follower: Follower,
) -> AsyncGenerator[Result, None]:
    """Each result of a subscription that its follower is not told with others.

    While it stands where the others do, its follower is told by them, and nothing comes from here.
    Close it when it is not wanted any more. It reads on when its last result was taken.
    """
    opened = await gateway.schema.opened(
        asked.query, asked.variables, context, asked.name, asked.extensions
    )
    if opened is None:
        async with aclosing(results(gateway, asked, context, request_id)) as found:
            async for result in found:
                yield result
        return
    finished(gateway, asked, context)
    if not isinstance(opened, Opened):
        yield shown(opened, context, request_id, streamed=True)
        return
    with (
        context.services.feed.counted(),
        gateway.crowds.known(opened, context, caller.stands_with) as crowd,
    ):
        road = _Road(gateway, context, request_id, opened, crowd, follower)
        # The crowd's own serves them all: this one would stay as long as the subscription.
        del opened
        try:
            async with aclosing(road.results()) as told:
                async for result in told:
                    yield result
        finally:
            finished(gateway, asked, context)
            await record_denials(context)


class _Road:
    """Where one subscription stands, and what it is told next."""

    __slots__ = (
        "_context",
        "_crowd",
        "_ending",
        "_extensions",
        "_follower",
        "_gateway",
        "_level",
        "_place",
        "_request_id",
    )

    def __init__(
        self,
        gateway: Gateway,
        context: Context,
        request_id: str,
        opened: Opened,
        crowd: Crowd,
        follower: Follower,
    ) -> None:
        self._gateway = gateway
        self._context = context
        self._request_id = request_id
        self._crowd = crowd
        self._follower = follower
        self._extensions = opened.extensions
        self._ending = _ending(opened.extensions)
        self._place = opened.following.place
        self._level = self._place >= opened.following.head

    async def results(self) -> AsyncGenerator[Result, None]:
        """The results that are its own; the last one may say why there are no more."""
        try:
            while True:
                async with aclosing(self._alone()) as events:
                    async for event in events:
                        yield await self._told(event)
                        await denied(self._context)
                self._place = await self._crowd.join(self._follower, self._place, self._ending)
                self._level = False
                await self._follower.caught_up()
        except Gone:
            raise
        except Exception as error:  # noqa: BLE001 - as the library's road tells it, and then ends
            result = ExecutionResult(data=None, errors=[as_error(error)])
            yield self._shown(result)

    async def _alone(self) -> AsyncGenerator[OrderEvent, None]:
        """The events up to where the crowd stands; all of them when it takes nobody."""
        crowd, account = self._crowd, self._context.account
        feed, following = self._context.services.feed, crowd.opened.following
        while not crowd.takes(self._place, level=self._level):
            if crowd.apart:
                async with aclosing(feed.follow(account, self._place)) as events:
                    async for event in events:
                        if following.tells(event):
                            yield event
            found = await feed.read(account, self._place)
            self._level = len(found) < AT_ONCE
            for event in found:
                self._place = event.sequence
                if following.tells(event):
                    yield event
                if crowd.takes(self._place, level=False):
                    break

    async def _told(self, event: OrderEvent) -> Result:
        context = self._context
        if not await holds(context):
            raise ended()
        context.place = event.sequence
        own = context.fresh()
        try:
            result = await self._crowd.opened.answer(event, own)
        finally:
            for work in own.finish():
                self._gateway.defer(work)
        return self._shown(result)

    def _shown(self, result: ExecutionResult) -> Result:
        result.extensions = self._extensions
        return shown(result, self._context, self._request_id, streamed=True)


def _ending(extensions: dict[str, object]) -> bytes:
    """What follows the data in every answer of one subscription."""
    return b',"extensions":%b}' % encode(extensions) if extensions else b"}"
