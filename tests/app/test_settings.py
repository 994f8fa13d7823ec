"""What stops the start, and how it is said: every fault at once, no value repeated."""

import base64
import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from app.settings import REPOSITORY, Loaded, SettingsWrong, load
from providers import REGISTRY
from tests.app.process import command

KEY = f"1:{base64.b64encode(bytes(32)).decode()}"
ENKASH = {
    "ENKASH_CLIENT_ID": "id",
    "ENKASH_CLIENT_SECRET": "enkash-secret-value",
    "ENKASH_USERNAME": "user",
    "ENKASH_PASSWORD": "enkash-password-value",
}
LIVE = {
    "VOUCHERGRAPH_MODE": "live",
    "VOUCHERGRAPH_KEY_RING": KEY,
    "VOUCHERGRAPH_SECRET_PEPPER": KEY,
    "DATABASE_URL": "postgresql://login:database-password@db.internal/vouchergraph",
    "ENKASH_BASE_URL": "https://api.enkash.example",
    **ENKASH,
}
OIDC = {"VOUCHERGRAPH_OIDC_ISSUER": "https://login.example.com"}
Read = Callable[..., Loaded]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Read:
    """Reads the settings as if these were the whole environment."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if (
            name.startswith(("VOUCHERGRAPH_", "DATABASE_", "REDIS_"))
            or name.split("_")[0].lower() in REGISTRY
        ):
            monkeypatch.delenv(name)

    def reading(settings: Mapping[str, str] | None = None, **more: str) -> Loaded:
        for name, value in {**(settings or {}), **more}.items():
            monkeypatch.setenv(name, value)
        return load(REGISTRY)

    return reading


def refused(read: Read, settings: Mapping[str, str]) -> dict[str, str]:
    with pytest.raises(SettingsWrong) as caught:
        read(settings)
    return {fault.name: fault.wrong for fault in caught.value.faults}


def test_nothing_set_is_a_sandbox_on_loopback(read: Read) -> None:
    settings = read().settings
    assert (settings.mode, settings.host, settings.port) == ("sandbox", "127.0.0.1", 8000)
    assert settings.not_found_gap == timedelta(seconds=1)
    assert not settings.data_dir.is_relative_to(REPOSITORY)


def test_the_schema_is_told_in_sandbox_mode_unless_it_is_said_otherwise(read: Read) -> None:
    assert read().settings.introspects
    assert not read(LIVE).settings.introspects
    assert read(LIVE, VOUCHERGRAPH_INTROSPECTION="on").settings.introspects
    origins = read(VOUCHERGRAPH_CORS_ORIGINS="https://A.example:443, http://localhost:5173")
    assert origins.settings.origins == ("https://a.example", "http://localhost:5173")


def test_live_with_everything_it_needs_is_accepted(read: Read) -> None:
    loaded = read(LIVE)
    assert set(loaded.providers) == {"enkash"}
    enkash = loaded.providers["enkash"]
    assert enkash["client_secret"] == "enkash-secret-value"
    assert (enkash.timeout, enkash.settling) == (timedelta(seconds=30), timedelta(seconds=120))
    assert loaded.settings.not_found_gap == timedelta(seconds=30)


@pytest.mark.parametrize(
    ("settings", "name", "wrong"),
    [
        ({"VOUCHERGRAPH_PORT": "70000"}, "VOUCHERGRAPH_PORT", "65535"),
        ({"VOUCHERGRAPH_PORT": "http"}, "VOUCHERGRAPH_PORT", "integer"),
        ({"VOUCHERGRAPH_MODE": "production"}, "VOUCHERGRAPH_MODE", "'sandbox' or 'live'"),
        ({"VOUCHERGRAPH_CORS_ORIGINS": "*"}, "VOUCHERGRAPH_CORS_ORIGINS", "exact origins"),
        (
            {"VOUCHERGRAPH_CORS_ORIGINS": "https://a.example/path"},
            "VOUCHERGRAPH_CORS_ORIGINS",
            "exact origins",
        ),
        (
            {"VOUCHERGRAPH_CORS_ORIGINS": "https://a.example, http://b.example"},
            "VOUCHERGRAPH_CORS_ORIGINS",
            "loopback",
        ),
        ({"VOUCHERGRAPH_INTROSPECTION": "yes"}, "VOUCHERGRAPH_INTROSPECTION", "'on' or 'off'"),
        ({"VOUCHERGRAPH_HOST": "0.0.0.0"}, "VOUCHERGRAPH_HOST", "loopback"),  # noqa: S104
        ({"VOUCHERGRAPH_PROT": "8000"}, "VOUCHERGRAPH_PROT", "did you mean VOUCHERGRAPH_PORT"),
        ({"VOUCHERGRAPH_XYZZY": "1"}, "VOUCHERGRAPH_XYZZY", "no such setting"),
        (
            {"VOUCHERGRAPH_REFERENCE_PREFIX": "toolongprefix"},
            "VOUCHERGRAPH_REFERENCE_PREFIX",
            "pattern",
        ),
        (
            {"VOUCHERGRAPH_DATA_DIR": str(REPOSITORY / "data")},
            "VOUCHERGRAPH_DATA_DIR",
            "own directory",
        ),
        ({"VOUCHERGRAPH_KEY_RING": "hello"}, "VOUCHERGRAPH_KEY_RING", "entry 1"),
        ({"VOUCHERGRAPH_SECRET_PEPPER": "1:aGVsbG8="}, "VOUCHERGRAPH_SECRET_PEPPER", "32"),
        (
            {"VOUCHERGRAPH_METRICS_ADDRESS": "10.0.0.1:90"},
            "VOUCHERGRAPH_METRICS_ADDRESS",
            "loopback",
        ),
        ({"VOUCHERGRAPH_RATE_PER_MINUTE": "0"}, "VOUCHERGRAPH_RATE_PER_MINUTE", "1"),
        ({"DATABASE_URL": "mysql://x/y"}, "DATABASE_URL", "postgresql"),
        ({"DATABASE_DIRECT_URL": "postgresql://x/y"}, "DATABASE_URL", "is missing"),
        (
            {"ENKASH_BASE_URL": "https://api.enkash.example", **ENKASH},
            "ENKASH_BASE_URL",
            "sandbox mode",
        ),
        ({"ENKASH_BASE_URL": "http://127.0.0.1:1"}, "ENKASH_CLIENT_ID", "is missing"),
        ({"ENKASH_CLIENT_SECRET": "enkash-secret-value"}, "ENKASH_BASE_URL", "is missing"),
        ({"ENKASH_BASE_URL": "ftp://127.0.0.1", **ENKASH}, "ENKASH_BASE_URL", "http or https"),
        ({"ENKASH_BASE_URL": "http://u:p@127.0.0.1", **ENKASH}, "ENKASH_BASE_URL", "no login"),
        (
            {"ENKASH_BASE_URL": "http://127.0.0.1:1", **ENKASH, "ENKASH_QUOTE": "maybe"},
            "ENKASH_QUOTE",
            "configs or cart",
        ),
        (
            {"ENKASH_BASE_URL": "http://127.0.0.1:1", **ENKASH, "ENKASH_TIMEOUT_SECONDS": "soon"},
            "ENKASH_TIMEOUT_SECONDS",
            "a number",
        ),
        ({**LIVE, "ENKASH_BASE_URL": "http://api.enkash.example"}, "ENKASH_BASE_URL", "https"),
        (OIDC, "VOUCHERGRAPH_OIDC_AUDIENCE", "is needed"),
        ({"VOUCHERGRAPH_OIDC_AUDIENCE": "x"}, "VOUCHERGRAPH_OIDC_ISSUER", "is missing"),
        (
            {**OIDC, "VOUCHERGRAPH_OIDC_ISSUER": "http://login.example.com"},
            "VOUCHERGRAPH_OIDC_ISSUER",
            "https",
        ),
        (
            {**OIDC, "VOUCHERGRAPH_OIDC_ISSUER": "https://me:secret@login.example.com"},
            "VOUCHERGRAPH_OIDC_ISSUER",
            "without a login",
        ),
        (
            {**OIDC, "VOUCHERGRAPH_OIDC_ISSUER": "https://login.example.com?tenant=1"},
            "VOUCHERGRAPH_OIDC_ISSUER",
            "no query",
        ),
        (
            {**OIDC, "VOUCHERGRAPH_OIDC_JWKS_URL": "file:///etc/keys"},
            "VOUCHERGRAPH_OIDC_JWKS_URL",
            "https",
        ),
        ({"VOUCHERGRAPH_TRUSTED_PROXIES": "proxy"}, "VOUCHERGRAPH_TRUSTED_PROXIES", "networks"),
        ({"VOUCHERGRAPH_TRUSTED_PROXIES": "*"}, "VOUCHERGRAPH_TRUSTED_PROXIES", "networks"),
        ({"VOUCHERGRAPH_TRUSTED_PROXIES": "10.0.0.1/8"}, "VOUCHERGRAPH_TRUSTED_PROXIES", "net"),
        ({"VOUCHERGRAPH_TRUSTED_PROXIES": "::/0"}, "VOUCHERGRAPH_TRUSTED_PROXIES", "every"),
    ],
)
def test_one_wrong_setting(read: Read, settings: Mapping[str, str], name: str, wrong: str) -> None:
    faults = refused(read, settings)
    assert wrong in faults[name]


def test_an_issuer_and_proxies_are_accepted(read: Read) -> None:
    settings = read(
        OIDC,
        VOUCHERGRAPH_OIDC_AUDIENCE="vouchergraph",
        VOUCHERGRAPH_TRUSTED_PROXIES="10.0.0.0/8, 2001:db8::1",
    ).settings
    assert [str(network) for network in settings.proxies] == ["10.0.0.0/8", "2001:db8::1/128"]
    assert (settings.oidc_account_claim, settings.oidc_scope_claim) == ("account", "scope")


@pytest.mark.parametrize(
    "missing", ["VOUCHERGRAPH_KEY_RING", "VOUCHERGRAPH_SECRET_PEPPER", "DATABASE_URL"]
)
def test_live_needs(read: Read, missing: str) -> None:
    faults = refused(read, {name: value for name, value in LIVE.items() if name != missing})
    assert "live mode does not start without it" in faults[missing]


def test_live_needs_a_provider(read: Read) -> None:
    faults = refused(read, {n: v for n, v in LIVE.items() if not n.startswith("ENKASH_")})
    assert list(faults.values()) == ["live mode needs at least one provider"]


def test_everything_wrong_is_said_at_once_and_no_value_repeated(read: Read) -> None:
    values = {
        "VOUCHERGRAPH_MODE": "live",
        "VOUCHERGRAPH_PROT": "secret-one",
        "VOUCHERGRAPH_KEY_RING": "1:secret-two",
        "DATABASE_URL": "secret-three",
        "ENKASH_BASE_URL": "https://api.enkash.example",
        "ENKASH_PASSWORD": "secret-four",
        "ENKASH_RATE_PER_MINUTE": "secret-five",
    }
    with pytest.raises(SettingsWrong) as caught:
        read(values)
    text = str(caught.value)
    for name in (
        "VOUCHERGRAPH_PROT",
        "VOUCHERGRAPH_KEY_RING",
        "VOUCHERGRAPH_SECRET_PEPPER",
        "DATABASE_URL",
        "ENKASH_CLIENT_ID",
        "ENKASH_RATE_PER_MINUTE",
    ):
        assert f"{name}: " in text
    assert "secret-" not in text
    assert all("(example: " in line for line in text.splitlines())


def test_a_sandbox_host_of_the_adapter_is_let_through(read: Read) -> None:
    host = next(iter(REGISTRY["enkash"].sandbox_hosts))
    loaded = read({"ENKASH_BASE_URL": f"https://{host}/api", **ENKASH})
    assert loaded.providers["enkash"].sandbox
    assert loaded.providers["enkash"].settling == timedelta(seconds=2)


def test_a_dotenv_file_is_read_and_the_environment_wins(read: Read, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("VOUCHERGRAPH_PORT=9001\nENKASH_TIMEOUT_SECONDS=7\n")
    assert read().settings.port == 9001
    assert read(VOUCHERGRAPH_PORT="9002").settings.port == 9002
    (tmp_path / ".env").write_text("VOUCHERGRAPH_PROT=9001\n")
    assert "VOUCHERGRAPH_PROT" in refused(read, {})


def test_an_empty_value_is_no_value(read: Read) -> None:
    assert read(DATABASE_URL="", VOUCHERGRAPH_PORT="", ENKASH_BASE_URL="").settings.port == 8000


@pytest.mark.skipif(os.geteuid() != 0, reason="PostgreSQL needs another user for root only")
def test_root_keeps_no_data_in_its_home(read: Read) -> None:
    faults = refused(read, {"VOUCHERGRAPH_DATA_DIR": "~root/vouchergraph"})
    assert "root's home" in faults["VOUCHERGRAPH_DATA_DIR"]


def test_the_program_says_it_on_standard_error_and_exits_with_2(tmp_path: Path) -> None:
    done = command(tmp_path, "serve", VOUCHERGRAPH_PORT="x", ENKASH_PASSWORD="secret-four")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "VOUCHERGRAPH_PORT" in done.stderr
    assert "ENKASH_BASE_URL" in done.stderr
    assert "Traceback" not in done.stderr
    assert "secret-four" not in done.stderr
