"""Reconcile: our orders beside a provider's. What differs is recorded with its evidence, and closed
when it is gone or a person has explained it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from db import claims, comparison, exceptions, jobs
from db.comparison import Ours
from db.pool import Database
from domain.problems import Problem
from ordering import restored
from ordering.differences import Compared, Finding, compare
from ordering.references import References
from ordering.refusals import problem_of
from providers.errors import ProviderError
from providers.pacing import Asker, asked_by
from providers.port import Provider, ProviderOrder

log = structlog.get_logger()

EVERY = timedelta(days=1)
# What is compared unless told otherwise; what failed is read again for as long.
WINDOW = timedelta(days=14)
# Clocks differ, and a list is dated by theirs.
SKEW = timedelta(hours=1)
# The list of a large account takes minutes within its rate.
LEASE = timedelta(minutes=30)
RETRY_IN = timedelta(minutes=15)
BY_ITSELF = "reconcile"


@dataclass(frozen=True, slots=True)
class Report:
    """What one provider's comparison found; `problem` says why it could not be made."""

    provider: str
    ours: int = 0
    theirs: int = 0
    findings: tuple[Finding, ...] = ()
    explained: int = 0
    problem: Problem | None = None

    @property
    def is_clean(self) -> bool:
        """Compared to the end, and nothing but orders that are under way differs."""
        settled = exceptions.Difference.EXPECTED
        return self.problem is None and all(f.difference is settled for f in self.findings)


def job(provider: str) -> str:
    """The name of a provider's daily comparison among the jobs."""
    return f"reconcile.{provider}"


class Reconciler:
    """Compares one provider at a time; one process at a time compares it."""

    def __init__(
        self, database: Database, providers: Mapping[str, Provider], references: References
    ) -> None:
        self._database = database
        self._providers = providers
        self._references = references

    async def daily(self) -> bool:
        """Compare one provider whose day is over; whether there was one."""
        for provider in self._providers.values():
            if await self._in_turn(provider, datetime.now(UTC) - WINDOW) is not None:
                return True
        return False

    async def now(self, name: str, since: datetime | None = None) -> Report | None:
        """Compare at once; None while another process is at it."""
        async with self._database.worker() as conn:
            await jobs.hasten(conn, job(name))
        start = since or datetime.now(UTC) - WINDOW
        return await self._in_turn(self._providers[name], start)

    async def _in_turn(self, provider: Provider, since: datetime) -> Report | None:
        async with self._database.worker() as conn:
            fence = await jobs.claim(conn, job(provider.name), LEASE, EVERY)
        if fence is None:
            return None
        report = None
        try:
            report = await self._reconcile(provider, since)
        finally:
            async with self._database.worker() as conn:
                if report is not None and report.problem is None:
                    await jobs.done(conn, job(provider.name), fence)
                else:
                    await jobs.release(conn, job(provider.name), fence, RETRY_IN)
        return report

    async def _reconcile(self, provider: Provider, since: datetime) -> Report:
        started = datetime.now(UTC)
        async with self._database.worker() as conn:
            oldest = await comparison.oldest_open(conn, provider.name, provider.credential)
        # What is not explained yet is looked at again, however old; else it would seem gone.
        since = min(since, oldest or since)
        try:
            with asked_by(Asker.WORKER):
                theirs = [told async for told in provider.orders(since - SKEW)]
        except ProviderError as error:
            problem = problem_of(error)
            log.warning("reconcile.failed", provider=provider.name, code=problem.code.value)
            return Report(provider.name, problem=problem)
        ours = await self._ours(provider, since, theirs)
        compared = compare(ours, theirs, is_ours=self._references.is_ours, since=since, now=started)
        return await self._record(provider, started, ours, theirs, compared)

    async def _ours(
        self, provider: Provider, since: datetime, theirs: Sequence[ProviderOrder]
    ) -> list[Ours]:
        """Read after theirs: what was placed meanwhile is at worst expected, never orphaned."""
        readings = [told.reading for told in theirs]
        async with self._database.worker() as conn:
            return await comparison.ours(
                conn,
                provider.name,
                provider.credential,
                since,
                provider_order_ids=[reading.provider_order_id for reading in readings],
                references=[reading.reference for reading in readings if reading.reference],
            )

    async def _record(
        self,
        provider: Provider,
        started: datetime,
        ours: Sequence[Ours],
        theirs: Sequence[ProviderOrder],
        compared: Compared,
    ) -> Report:
        async with self._database.worker() as conn:
            known = await comparison.explained(conn, provider.name, provider.credential, BY_ITSELF)
            new = [
                finding
                for finding in compared.findings
                if known.get(finding.key) != finding.evidence
            ]
            seen = [
                await exceptions.record(
                    conn,
                    provider.name,
                    provider.credential,
                    finding.difference,
                    provider_order_id=finding.provider_order_id,
                    reference=finding.reference,
                    fulfillment_id=finding.fulfillment_id,
                    evidence=finding.evidence,
                )
                for finding in new
            ]
            gone = await exceptions.close_unseen(
                conn, provider.name, provider.credential, seen, BY_ITSELF
            )
            await claims.wake(conn, compared.behind)
        log.info(
            "reconcile.done",
            provider=provider.name,
            ours=len(ours),
            theirs=len(theirs),
            differences=len(new),
            gone=gone,
            behind=len(compared.behind),
            seconds=round((datetime.now(UTC) - started).total_seconds(), 1),
        )
        explained = len(compared.findings) - len(new)
        report = Report(provider.name, len(ours), len(theirs), tuple(new), explained)
        if report.is_clean:
            async with self._database.worker() as conn:
                await restored.released(conn, provider.name)
        return report
