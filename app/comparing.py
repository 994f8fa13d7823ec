"""The command that compares our orders with the providers' and shows what differs."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from app.composition import StartRefused, core, opened_providers
from app.program import prefixes
from app.settings import Loaded
from ordering.differences import Finding
from ordering.reconcile import Reconciler, Report
from ordering.references import References

HEADER = ("PROVIDER", "CLASS", "AGE", "REFERENCE", "PROVIDER ORDER", "DIFFERS")


async def compare(loaded: Loaded, provider: str | None, since: datetime | None) -> list[Report]:
    """One report per provider. StartRefused: no such provider, or another process is at it."""
    async with (
        core(loaded) as parts,
        opened_providers(loaded, parts, simulate=False) as (providers, _),
    ):
        if not providers:
            raise StartRefused(
                "there is no provider to compare with: the simulators of sandbox mode live inside"
                " `vouchergraph serve`; set a provider's base URL"
            )
        if provider is not None and provider not in providers:
            raise StartRefused(f"no such provider here; there are: {', '.join(sorted(providers))}")
        references = References(parts.settings.reference_prefix, prefixes(providers))
        reconciler = Reconciler(parts.database, providers, references)
        reports = []
        for name in [provider] if provider else sorted(providers):
            report = await reconciler.now(name, since)
            if report is None:
                raise StartRefused(f"{name} is being compared by another process just now")
            reports.append(report)
        return reports


def instant(text: str | None) -> datetime | None:
    """A day or an instant, in UTC where it names no zone; ValueError otherwise."""
    if text is None:
        return None
    found = datetime.fromisoformat(text)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def table(reports: Sequence[Report]) -> list[str]:
    """The differences as columns, then one line per provider."""
    rows = [_row(report.provider, finding) for report in reports for finding in report.findings]
    lines = []
    if rows:
        widths = [max(map(len, column)) for column in zip(HEADER, *rows, strict=True)]
        for row in (HEADER, *rows):
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            lines.append("  ".join(cells).rstrip())
        lines.append("")
    return [*lines, *map(_summary, reports)]


def _row(provider: str, finding: Finding) -> tuple[str, ...]:
    differs = finding.evidence.get("differs") or ()
    return (
        provider,
        finding.difference.value,
        _age(finding.age),
        finding.reference or "-",
        finding.provider_order_id or "-",
        ", ".join(differs) or "-",
    )


def _age(age: timedelta) -> str:
    minutes = int(age.total_seconds()) // 60
    hours, days = minutes // 60, minutes // 1440
    return f"{days}d" if days else f"{hours}h" if hours else f"{minutes}m"


def _summary(report: Report) -> str:
    if report.problem is not None:
        return f"{report.provider}  not compared: {report.problem.message}"
    return (
        f"{report.provider}  ours {report.ours}, theirs {report.theirs},"
        f" differences {len(report.findings)}, explained {report.explained}"
    )
