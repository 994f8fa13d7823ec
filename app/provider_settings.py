"""Settings of providers: their names follow from what each adapter declares."""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TypedDict
from urllib.parse import urlsplit

from app.addresses import is_loopback
from app.settings import SANDBOX_SETTLING, Environment, Fault, Settings
from domain.secret import Secret
from providers.port import Configuration, Field, Provider

SIMULATED_RATE_FACTOR = 30
EXAMPLE_URL = "https://api.provider.example"


def configurations(
    environment: Environment, registry: Mapping[str, type[Provider]], settings: Settings
) -> tuple[dict[str, Configuration], list[Fault]]:
    """The configuration of every provider with a base URL, and all that is wrong with them."""
    found: dict[str, Configuration] = {}
    faults: list[Fault] = []
    for name, provider in registry.items():
        reader = _Reader(environment, provider, name.upper(), faults)
        base_url = environment.get(f"{reader.prefix}_BASE_URL")
        if base_url is None:
            reader.left_out()
            continue
        reader.check_url(base_url, settings)
        found[name] = Configuration(
            base_url=base_url,
            values=reader.values(),
            sandbox=settings.sandbox,
            **reader.pace(settings),
        )
    return found, faults


def for_simulator(
    environment: Environment,
    provider: type[Provider],
    base_url: str,
    credentials: Mapping[str, str],
    settings: Settings,
) -> Configuration:
    """A provider that is played by a simulator: its address and credentials, our pace."""
    reader = _Reader(environment, provider, provider.name.upper(), [])
    defaults = {f.name: f.default for f in provider.fields if f.default is not None}
    values = {name: Secret(value) for name, value in {**defaults, **credentials}.items()}
    pace = reader.pace(settings)
    if environment.get(f"{reader.prefix}_RATE_PER_MINUTE") is None:
        # Simulators count no requests unless told to: a demonstration should not have to wait.
        pace["rate_per_minute"] *= SIMULATED_RATE_FACTOR
    return Configuration(base_url=base_url, values=values, sandbox=True, **pace)


class Pace(TypedDict):
    """How long we wait for a provider, how often we ask, and when "not found" counts."""

    timeout: timedelta
    rate_per_minute: int
    settling: timedelta


class _Reader:
    """Reads one provider's names and collects what is wrong."""

    def __init__(
        self,
        environment: Environment,
        provider: type[Provider],
        prefix: str,
        faults: list[Fault],
    ) -> None:
        self.environment = environment
        self.provider = provider
        self.prefix = prefix
        self.faults = faults

    def left_out(self) -> None:
        """Credentials without an address would silently be played by a simulator."""
        given = [
            f"{self.prefix}_{field.name.upper()}"
            for field in self.provider.fields
            if field.secret and self.environment.get(f"{self.prefix}_{field.name.upper()}")
        ]
        if given:
            self.faults.append(
                Fault(
                    f"{self.prefix}_BASE_URL", f"is missing although {given[0]} is set", EXAMPLE_URL
                )
            )

    def check_url(self, base_url: str, settings: Settings) -> None:
        name = f"{self.prefix}_BASE_URL"
        try:
            parts = urlsplit(base_url)
            host, well_formed = parts.hostname or "", parts.port != 0
        except ValueError:
            host, well_formed, parts = "", False, urlsplit("")
        if not host or not well_formed or parts.scheme not in ("http", "https"):
            self.faults.append(Fault(name, "must be an http or https address", EXAMPLE_URL))
        elif parts.username or parts.password or parts.query or parts.fragment:
            self.faults.append(Fault(name, "must hold no login, query or fragment", EXAMPLE_URL))
        elif is_loopback(host):
            return
        elif settings.sandbox and host not in self.provider.sandbox_hosts:
            known = sorted(self.provider.sandbox_hosts)
            allowed = f" or {', '.join(known)}" if known else ""
            self.faults.append(
                Fault(
                    name, f"sandbox mode talks to loopback{allowed} only", "http://127.0.0.1:9001"
                )
            )
        elif parts.scheme != "https":
            self.faults.append(Fault(name, "must be https: credentials travel there", EXAMPLE_URL))

    def values(self) -> dict[str, Secret]:
        """The declared fields by name; those left out that may be are not there."""
        raw = {
            field.name: self.environment.get(f"{self.prefix}_{field.name.upper()}") or field.default
            for field in self.provider.fields
        }
        for field in self.provider.fields:
            self._check(field, raw)
        return {name: Secret(value) for name, value in raw.items() if value is not None}

    def _check(self, field: Field, raw: Mapping[str, str | None]) -> None:
        name, value = f"{self.prefix}_{field.name.upper()}", raw[field.name]
        example = field.example or (field.choices[0] if field.choices else "...")
        if value is None:
            unneeded = field.only_with and raw.get(field.only_with[0]) != field.only_with[1]
            if field.required and not unneeded:
                self.faults.append(Fault(name, "is missing", example))
        elif field.pattern and not re.fullmatch(field.pattern, value):
            self.faults.append(Fault(name, f"must match {field.pattern}", example))
        elif field.choices and value not in field.choices:
            self.faults.append(Fault(name, f"must be {' or '.join(field.choices)}", example))

    def pace(self, settings: Settings) -> Pace:
        """The contract's values unless set; settling is short in sandbox mode."""
        provider = self.provider
        settling = SANDBOX_SETTLING if settings.sandbox else provider.settling
        return {
            "timeout": self._seconds("TIMEOUT_SECONDS", provider.timeout, 0.05, 300),
            # Each process keeps its part: together they stay within the provider's limit.
            "rate_per_minute": max(
                1,
                int(self._number("RATE_PER_MINUTE", provider.rate_per_minute, 1, 1_000_000))
                // settings.processes,
            ),
            "settling": self._seconds("SETTLING_SECONDS", settling or timedelta(0), 0, 86_400),
        }

    def _seconds(self, name: str, default: timedelta, least: float, most: float) -> timedelta:
        return timedelta(seconds=self._number(name, default.total_seconds(), least, most))

    def _number(self, name: str, default: float, least: float, most: float) -> float:
        text = self.environment.get(f"{self.prefix}_{name}")
        if text is None:
            return default
        try:
            number = float(text)
        except ValueError:
            number = least - 1
        if not least <= number <= most:
            wrong = f"must be a number from {least:g} to {most:g}"
            self.faults.append(Fault(f"{self.prefix}_{name}", wrong, f"{default or least:g}"))
            return default
        return number


def names(registry: Mapping[str, type[Provider]]) -> Iterable[str]:
    """Every provider setting there is, for documentation and tests."""
    for name, provider in registry.items():
        for field in provider.fields:
            yield f"{name.upper()}_{field.name.upper()}"
        for suffix in ("BASE_URL", "TIMEOUT_SECONDS", "RATE_PER_MINUTE", "SETTLING_SECONDS"):
            yield f"{name.upper()}_{suffix}"
