"""Managing the endpoints of outgoing webhooks; every change is in the account's audit chain."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from db import accounts, audit, deliveries, endpoints, events
from db.endpoints import SealedSecret
from db.pool import Connection, Database
from domain.audit import AuditAction
from domain.ids import Kind, global_id, uuid7
from domain.orders import OrderEventType
from domain.problems import Problem, ProblemCode, Refused, RetryAdvice, invalid, not_found
from domain.secret import Secret
from domain.viewers import Viewer
from domain.webhooks import Endpoint
from notices.addresses import Forbidden, Rules
from notices.messages import new_secret
from ordering.acts import act
from ordering.keys import Keys
from vault import Binding, Vault

log = structlog.get_logger()

MOST = 20
SEALED_FIELD = "webhook"
LONGEST_OVERLAP = timedelta(days=30)
# Clients may ask for the whole log again; not over and over.
REPLAY_EVERY = timedelta(minutes=1)
BY_OPERATOR = "an operator disabled it"


def binding(secret: SealedSecret) -> Binding:
    """What a signing secret is sealed for."""
    return Binding(secret.account, secret.id, SEALED_FIELD)


class Endpoints:
    """Makes and changes endpoints. The viewer is the operator, or the account's own client."""

    def __init__(self, database: Database, vault: Vault, keys: Keys, rules: Rules) -> None:
        self._database = database
        self._vault = vault
        self._keys = keys
        self._rules = rules

    async def create(
        self, viewer: Viewer, url: str, types: Sequence[OrderEventType]
    ) -> tuple[Endpoint, Secret]:
        """An endpoint of the viewer's account and its secret, which only this answer holds.

        It is told what happens from now on. Refused for a URL that webhooks must not go to.
        """
        try:
            target = str(self._rules.check_url(url))
        except Forbidden as error:
            raise invalid(str(error), "url") from None
        async with self._database.worker(read_only=True) as conn:
            if await accounts.find(conn, viewer.account) is None:
                raise not_found("there is no such account")
        audit_key = await self._keys.audit()
        sealed, secret = await self._sealed(uuid7(), viewer.account)
        async with self._database.worker() as conn:
            if len(await endpoints.listed(conn, viewer.account)) >= MOST:
                raise invalid(f"an account has at most {MOST} endpoints")
            made = await endpoints.add(
                conn, sealed.endpoint_id, viewer.account, target, tuple(dict.fromkeys(types))
            )
            await endpoints.add_secret(conn, sealed, timedelta(0))
            await _trace(conn, viewer, made, "created", audit_key)
        return made, secret

    async def rotate(
        self, viewer: Viewer, id: UUID, overlap: timedelta
    ) -> tuple[Secret, datetime | None]:
        """A new secret, and until when the one before signs as well."""
        if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
            raise invalid(f"the overlap is at most {LONGEST_OVERLAP.days} days", "overlap")
        audit_key = await self._keys.audit()
        known = await self._known(id)
        sealed, secret = await self._sealed(id, known.account)
        async with self._database.worker() as conn:
            found = await _locked(conn, id)
            await endpoints.add_secret(conn, sealed, overlap)
            live = (await endpoints.secrets(conn, [id]))[id]
            await _trace(conn, viewer, found, "secret rotated", audit_key)
        return secret, next((one.ends_at for one in live if one.ends_at), None)

    async def enable(self, viewer: Viewer, id: UUID) -> Endpoint:
        """Send there again, first what waited and then what happened meanwhile."""
        audit_key = await self._keys.audit()
        async with self._database.worker() as conn:
            found = await _locked(conn, id)
            if found.enabled:
                return found
            await endpoints.switch(conn, id, enabled=True)
            await deliveries.resume(conn, id)
            await _trace(conn, viewer, found, "enabled", audit_key)
        return replace(found, enabled=True, disabled_reason=None, failing_since=None)

    async def disable(self, viewer: Viewer, id: UUID, reason: str = BY_OPERATOR) -> Endpoint:
        """Send nothing there until it is enabled again."""
        audit_key = await self._keys.audit()
        async with self._database.worker() as conn:
            found = await _locked(conn, id)
            if not found.enabled:
                return found
            await endpoints.switch(conn, id, enabled=False, reason=reason)
            await _trace(conn, viewer, found, f"disabled: {reason}", audit_key)
        log.warning("webhook.disabled", endpoint=str(id), reason=reason)
        return replace(found, enabled=False, disabled_reason=reason)

    async def replay(
        self, viewer: Viewer, id: UUID, after: int, *, every: timedelta | None = REPLAY_EVERY
    ) -> Endpoint:
        """Send again what happened after that number of the account's log, under the same ids.

        Refused for another account's endpoint as for none, for a number behind the log's end, and
        with `every` when the last replay was less than that ago.
        """
        audit_key = await self._keys.audit()
        async with self._database.viewer(viewer.account) as conn:
            found = await _locked(conn, id)
            last = await events.last(conn, viewer.account)
            if not 0 <= after <= last:
                raise invalid(f"the log has the numbers 1 to {last}", "input", "after")
            if every is not None and found.replayed_at is not None:
                _not_again_before(found.replayed_at + every)
            await endpoints.rewind(conn, id, after)
            await _trace(conn, viewer, found, f"replay after {after}", audit_key)
        return replace(found, cursor=min(found.cursor, after))

    async def _known(self, id: UUID) -> Endpoint:
        async with self._database.worker(read_only=True) as conn:
            found = (await endpoints.by_ids(conn, [id])).get(id)
        if found is None:
            raise not_found("there is no such webhook endpoint")
        return found

    async def _sealed(self, endpoint_id: UUID, account: UUID) -> tuple[SealedSecret, Secret]:
        secret = new_secret()
        empty = SealedSecret(uuid7(), account, endpoint_id, b"")
        key = await self._keys.of_account(account)
        return replace(empty, sealed=self._vault.seal(key, secret, binding(empty))), secret


async def _locked(conn: Connection, id: UUID) -> Endpoint:
    found = await endpoints.lock(conn, id)
    if found is None:
        raise not_found("there is no such webhook endpoint")
    return found


async def _trace(
    conn: Connection, viewer: Viewer, endpoint: Endpoint, done: str, audit_key: bytes
) -> None:
    subject = global_id(Kind.WEBHOOK_ENDPOINT, endpoint.id)
    written = act(viewer, AuditAction.WEBHOOK_CHANGED, subject, fields=(done,))
    await audit.append(conn, endpoint.account, [written], audit_key)


def _not_again_before(at: datetime) -> None:
    left = at - datetime.now(UTC)
    if left > timedelta(0):
        raise Refused(
            Problem(
                ProblemCode.RATE_LIMITED,
                "it was replayed a moment ago",
                retry=RetryAdvice.AFTER,
                retry_after_ms=int(left / timedelta(milliseconds=1)) + 1,
            )
        )
