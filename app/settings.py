"""Every setting, read once from the environment and a `.env` file, and checked before a start.

What is wrong is told all at once, each with its name, what was wrong and an example; a value is
never repeated, since it may be a secret.
"""

import difflib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.addresses import Network, is_loopback, is_safe_url, parse_networks
from app.cors import parse_origins
from app.pepper import Pepper
from providers.port import Configuration, Provider
from vault import check_masters

REPOSITORY = Path(__file__).resolve().parent.parent
ENV_FILE = Path(".env")
PREFIX = "VOUCHERGRAPH_"
SANDBOX_SETTLING = timedelta(seconds=2)
SANDBOX_GAP = timedelta(seconds=1)
LIVE_GAP = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Fault:
    """One setting that is wrong, why, and a value that would be right."""

    name: str
    wrong: str
    example: str
    meant: str | None = None

    def __str__(self) -> str:
        return f"{self.name}: {self.wrong} (example: {self.meant or self.name}={self.example})"


class SettingsWrong(Exception):
    """The settings do not fit; nothing was started."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


def _named(name: str, default: Any, example: str, **limits: Any) -> Any:
    return Field(default, validation_alias=name, examples=[example], **limits)


def _ours(name: str, default: Any, example: str, **limits: Any) -> Any:
    return _named(PREFIX + name, default, example, **limits)


Switch = Literal["on", "off"]
Count = Annotated[int, Field(ge=1, le=1_000_000_000)]


class Settings(BaseSettings):
    """The settings that are not a provider's; None where the mode or the client decides."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE,
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        case_sensitive=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    host: str = _ours("HOST", "127.0.0.1", "127.0.0.1")
    port: int = _ours("PORT", 8000, "8000", ge=0, le=65535)
    data_dir: Path = _ours("DATA_DIR", None, "/var/lib/vouchergraph", validate_default=False)
    mode: Literal["sandbox", "live"] = _ours("MODE", "sandbox", "sandbox")
    ready_file: Path | None = _ours("READY_FILE", None, "/run/vouchergraph/ready.json")
    workers: int = _ours("WORKERS", 1, "1", ge=0, le=100)
    processes: int = _ours("PROCESSES", 1, "1", ge=1, le=1000)
    restored: Literal["0", "1"] = _ours("RESTORED", "0", "1")

    database_url: SecretStr | None = _named(
        "DATABASE_URL", None, "postgresql://vouchergraph:PASSWORD@db.internal:5432/vouchergraph"
    )
    database_direct_url: SecretStr | None = _named(
        "DATABASE_DIRECT_URL",
        None,
        "postgresql://vouchergraph:PASSWORD@db.internal:5432/vouchergraph",
    )
    redis_url: SecretStr | None = _named("REDIS_URL", None, "redis://redis.internal:6379/0")
    key_ring: SecretStr | None = _ours("KEY_RING", None, "1:BASE64_OF_32_RANDOM_BYTES")
    transit_token: SecretStr | None = _ours(
        "TRANSIT_TOKEN", None, "file:/run/secrets/transit-token"
    )
    secret_pepper: SecretStr | None = _ours("SECRET_PEPPER", None, "1:BASE64_OF_32_RANDOM_BYTES")

    oidc_issuer: str | None = _ours("OIDC_ISSUER", None, "https://login.example.com/")
    oidc_audience: str | None = _ours("OIDC_AUDIENCE", None, "vouchergraph")
    oidc_jwks_url: str | None = _ours("OIDC_JWKS_URL", None, "https://login.example.com/jwks.json")
    oidc_account_claim: str = _ours("OIDC_ACCOUNT_CLAIM", "account", "account")
    oidc_scope_claim: str = _ours("OIDC_SCOPE_CLAIM", "scope", "scope")
    trusted_proxies: str | None = _ours("TRUSTED_PROXIES", None, "10.0.0.0/8")

    live_status_seconds: float = _ours("LIVE_STATUS_SECONDS", 3.0, "3", ge=0, le=3600)
    live_status_deadline_ms: int = _ours("LIVE_STATUS_DEADLINE_MS", 800, "800", ge=1, le=30_000)
    price_tolerance_percent: float = _ours("PRICE_TOLERANCE_PERCENT", 0.0, "0", ge=0, le=100)
    not_found_gap_seconds: float | None = _ours("NOT_FOUND_GAP_SECONDS", None, "30", ge=0, le=3600)

    cors_origins: str | None = _ours("CORS_ORIGINS", None, "https://console.example.com")
    introspection: Switch | None = _ours("INTROSPECTION", None, "on")
    trusted_documents: Path | None = _ours("TRUSTED_DOCUMENTS", None, "/etc/vouchergraph/documents")
    metrics_address: str | None = _ours("METRICS_ADDRESS", None, "127.0.0.1:9100")
    redis_down: Literal["local", "refuse"] = _ours("REDIS_DOWN", "local", "local")
    compiled_execution: Switch | None = _ours("COMPILED_EXECUTION", None, "on")

    rate_per_minute: Count | None = _ours("RATE_PER_MINUTE", None, "200")
    rate_per_10_seconds: Count | None = _ours("RATE_PER_10_SECONDS", None, "20")
    cost_budget: Count | None = _ours("COST_BUDGET", None, "20000")
    reveals_per_order_hour: Count | None = _ours("REVEALS_PER_ORDER_HOUR", None, "60")
    revealed_vouchers_per_hour: Count | None = _ours("REVEALED_VOUCHERS_PER_HOUR", None, "10000")
    reference_prefix: str = _ours("REFERENCE_PREFIX", "VG", "VG", pattern=r"^[A-Z0-9]{2,8}$")

    @property
    def sandbox(self) -> bool:
        return self.mode == "sandbox"

    @property
    def introspects(self) -> bool:
        """Whether clients may ask for the schema; in live mode only where that was switched on."""
        return self.introspection == "on" if self.introspection else self.sandbox

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins whose pages may use the API. ValueError when the setting is wrong."""
        return parse_origins(self.cors_origins or "")

    @property
    def uses_transit(self) -> bool:
        """Whether the master key stays with HashiCorp Vault."""
        return bool(self.key_ring and self.key_ring.get_secret_value().startswith("transit:"))

    @property
    def proxies(self) -> tuple[Network, ...]:
        """Whose X-Forwarded-For is believed. ValueError when the setting is wrong."""
        return parse_networks(self.trusted_proxies or "")

    @property
    def not_found_gap(self) -> timedelta:
        if self.not_found_gap_seconds is not None:
            return timedelta(seconds=self.not_found_gap_seconds)
        return SANDBOX_GAP if self.sandbox else LIVE_GAP

    @property
    def compiles(self) -> bool:
        """Whether documents that come again are executed by plans."""
        return self.compiled_execution != "off"


NAMES = {str(field.validation_alias): name for name, field in Settings.model_fields.items()}


@dataclass(frozen=True, slots=True)
class Loaded:
    """All settings: ours, and the configuration of every provider that has a base URL."""

    settings: Settings
    providers: Mapping[str, Configuration]
    environment: "Environment"


class Environment:
    """The raw names and values: the process's own first, then the `.env` file's."""

    def __init__(self) -> None:
        self._values = {**dotenv_values(ENV_FILE, encoding="utf-8"), **os.environ}

    def get(self, name: str) -> str | None:
        """A value that is not empty, or None."""
        return (self._values.get(name) or "").strip() or None

    def names(self) -> Iterable[str]:
        return self._values.keys()


def load(registry: Mapping[str, type[Provider]]) -> Loaded:
    """Read and check everything; SettingsWrong with all that is wrong."""
    # Here, since a provider's settings are read the same way and land in the same list of faults.
    from app.provider_settings import configurations  # noqa: PLC0415

    try:
        environment = Environment()
    except (OSError, UnicodeError):
        raise SettingsWrong(
            [Fault(".env", "the file could not be read as UTF-8 text", "VALUE")]
        ) from None
    faults = list(_unknown(environment.names()))
    try:
        settings = Settings()
    except ValidationError as error:
        faults += _faults(error)
        # With the defaults in place of what is wrong, so that all the rest is checked as well.
        instead: dict[str, Any] = {
            name: Settings.model_fields[NAMES[name]].default
            for name in {str(found["loc"][0]) for found in error.errors()}
        }
        settings = Settings(**instead)
    settings = settings.model_copy(
        update={"data_dir": (settings.data_dir or default_data_dir()).expanduser().absolute()}
    )
    faults += _rules(settings)
    found, wrong = configurations(environment, registry, settings)
    faults += wrong
    if not settings.sandbox and not found:
        name = next(iter(registry), "enkash").upper()
        faults.append(
            Fault(
                f"{name}_BASE_URL",
                "live mode needs at least one provider",
                "https://api.provider.example",
            )
        )
    if faults:
        raise SettingsWrong(faults)
    return Loaded(settings, found, environment)


def default_data_dir() -> Path:
    """Where data lives unless the setting says otherwise."""
    if os.geteuid() == 0:
        return Path("/var/lib/vouchergraph")
    import platformdirs  # noqa: PLC0415

    return platformdirs.user_data_path("vouchergraph", appauthor=False)


def _unknown(names: Iterable[str]) -> Iterable[Fault]:
    for name in sorted(names):
        if name.startswith(PREFIX) and name not in NAMES:
            near = difflib.get_close_matches(name, NAMES, n=1)
            known = near[0] if near else f"{PREFIX}PORT"
            example = Settings.model_fields[NAMES[known]].examples
            meant = f"; did you mean {near[0]}?" if near else ""
            wrong = f"there is no such setting{meant}"
            yield Fault(name, wrong, str((example or ["..."])[0]), meant=known)


def _faults(error: ValidationError) -> Iterable[Fault]:
    for found in error.errors(include_input=False, include_url=False, include_context=False):
        name = str(found["loc"][0])
        field = Settings.model_fields[NAMES[name]]
        text = found["msg"].removeprefix("Input ").replace("String should", "should")
        yield Fault(name, text[:1].lower() + text[1:], str((field.examples or [""])[0]))


def _fault(attribute: str, wrong: str) -> Fault:
    field = Settings.model_fields[attribute]
    return Fault(str(field.validation_alias), wrong, str((field.examples or [""])[0]))


def _rules(settings: Settings) -> Iterable[Fault]:
    """What the mode and the machine demand."""
    yield from _places(settings)
    for name, parse in (("key_ring", check_masters), ("secret_pepper", Pepper.parse)):
        value = getattr(settings, name)
        if value is not None:
            try:
                parse(value.get_secret_value())
            except ValueError as error:  # both promise a text without anything of a key
                yield _fault(name, str(error).partition("; example")[0])
    yield from _issuer(settings)
    try:
        _ = settings.proxies
    except ValueError:
        yield _fault("trusted_proxies", "must be addresses and networks, not of every address")
    if wrong := _wrong_origins(settings):
        yield _fault("cors_origins", wrong)
    if settings.uses_transit and settings.transit_token is None:
        yield _fault("transit_token", "is missing although the key ring is a key of Transit")
    if settings.metrics_address and not _loopback_address(settings.metrics_address):
        yield _fault("metrics_address", "must be HOST:PORT with a loopback host")
    if settings.sandbox and not is_loopback(settings.host):
        yield _fault("host", "sandbox mode listens on a loopback address only")
    if not settings.sandbox:
        for name in ("key_ring", "secret_pepper", "database_url"):
            if getattr(settings, name) is None:
                yield _fault(name, "live mode does not start without it")


def _issuer(settings: Settings) -> Iterable[Fault]:
    """Who signs bearer tokens. Without an audience any token of the issuer would do here."""
    if settings.oidc_issuer is None:
        for name in ("oidc_audience", "oidc_jwks_url"):
            if getattr(settings, name) is not None:
                yield _fault("oidc_issuer", f"is missing although {_fault(name, '').name} is set")
        return
    if settings.oidc_audience is None:
        yield _fault("oidc_audience", "is needed with an issuer")
    for name in ("oidc_issuer", "oidc_jwks_url"):
        url = getattr(settings, name)
        if url is not None and not is_safe_url(url):
            yield _fault(name, "must be an https:// address without a login; http:// on loopback")
    if "?" in settings.oidc_issuer:
        yield _fault("oidc_issuer", "takes no query")


def _places(settings: Settings) -> Iterable[Fault]:
    """Where data is kept."""
    data_dir = settings.data_dir.resolve()
    if data_dir.is_relative_to(REPOSITORY):
        yield _fault("data_dir", "data must not live inside the program's own directory")
    home = Path("~root").expanduser()
    if os.geteuid() == 0 and not settings.database_url and data_dir.is_relative_to(home):
        yield _fault("data_dir", "the embedded database cannot work below root's home directory")
    for name in ("database_url", "database_direct_url"):
        url = getattr(settings, name)
        if url and urlsplit(url.get_secret_value()).scheme not in ("postgresql", "postgres"):
            yield _fault(name, "must be a postgresql:// address")
    if settings.redis_url:
        redis = urlsplit(settings.redis_url.get_secret_value())
        if redis.scheme not in ("redis", "rediss", "unix") or not (redis.hostname or redis.path):
            yield _fault("redis_url", "must be a redis://, rediss:// or unix:// address")
    if settings.database_direct_url and not settings.database_url:
        yield _fault("database_url", "is missing although DATABASE_DIRECT_URL is set")


def _wrong_origins(settings: Settings) -> str | None:
    """A page may hold an API key, so each is named exactly and, beyond this machine, has TLS."""
    try:
        parsed = [urlsplit(origin) for origin in settings.origins]
    except ValueError:
        return "must be exact origins, SCHEME://HOST or SCHEME://HOST:PORT, apart by commas"
    if any(one.scheme != "https" and not is_loopback(one.hostname or "") for one in parsed):
        return "takes http:// for loopback hosts only"
    return None


def _loopback_address(text: str) -> bool:
    host, _, port = text.rpartition(":")
    return is_loopback(host) and port.isdigit() and int(port) <= 65535
