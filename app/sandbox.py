"""The sandbox's secrets and demo clients: random for each installation, never in live mode."""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.auth.api_keys import Credentials
from app.pepper import Pepper
from db import accounts, clients
from db.clients import NewClient
from db.pool import Connection
from domain.ids import uuid7
from domain.secret import Secret
from domain.viewers import Scope, check_scopes
from vault import KeyRing

FILE = "sandbox.json"
KEY_RING = Path("keys") / "key-ring"

BUYER = (
    Scope.CATALOG_READ,
    Scope.CARTS_WRITE,
    Scope.ORDERS_READ,
    Scope.ORDERS_PLACE,
    Scope.VOUCHERS_REVEAL,
    Scope.WALLET_READ,
    Scope.AUDIT_READ,
)
OPERATOR = (
    Scope.OPERATIONS_READ,
    Scope.OPERATIONS_WRITE,
    Scope.AUDIT_READ,
    Scope.ORDERS_IMPORT,
    Scope.ORDERS_READ,
    Scope.WALLET_READ,
)
# Name of the client: its account and its scopes.
DEMO: Mapping[str, tuple[str, tuple[Scope, ...]]] = {
    "partner": ("demo", BUYER),
    "readonly": ("demo", (Scope.CATALOG_READ, Scope.ORDERS_READ)),
    "operator": ("demo", OPERATOR),
    "other": ("other", BUYER),
}


class SandboxBroken(Exception):
    """What the sandbox keeps in its data directory cannot be used; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What one sandbox installation keeps: the pepper and the demo clients' credentials."""

    pepper: Secret
    clients: Mapping[str, Credentials]

    def shown(self) -> dict[str, dict[str, str]]:
        """The demo credentials in the clear, for the ready file and GraphiQL on this machine."""
        return {
            name: {"key": one.key, "secret": one.secret.reveal()}
            for name, one in self.clients.items()
        }


def opened(directory: Path) -> Sandbox:
    """What the data directory keeps, made at the first use. SandboxBroken."""
    path = directory / FILE
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return Sandbox(
            Secret(kept["pepper"]),
            {
                name: Credentials(
                    kept["clients"][name]["key"], Secret(kept["clients"][name]["secret"])
                )
                for name in DEMO
            },
        )
    except FileNotFoundError:
        made = Sandbox(
            Secret(Pepper.generate()), {name: Credentials.mint("sandbox") for name in DEMO}
        )
        kept = {"pepper": made.pepper.reveal(), "clients": made.shown()}
        write_private(path, json.dumps(kept, indent=2) + "\n")
        return made
    except (OSError, ValueError, KeyError, TypeError):
        raise SandboxBroken(
            f"{path} cannot be read; restore it, or move the whole data directory away"
            " to begin a new sandbox"
        ) from None


def key_ring_file(directory: Path) -> Path:
    """The development key ring's file, made at the first use in a directory for us alone."""
    path = directory / KEY_RING
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        if not path.exists():
            write_private(path, KeyRing.generate() + "\n")
    except OSError as error:
        raise SandboxBroken(f"the development keys {path} cannot be used ({error})") from None
    return path


async def provide(conn: Connection, sandbox: Sandbox, pepper: Pepper) -> None:
    """Make the demo accounts and clients exist with these credentials. As worker.

    Demo clients of the same name whose secrets are lost (another data directory) are revoked.
    """
    known = {client.key_id: client for client in await clients.listed(conn)}
    for name, (account_name, scopes) in DEMO.items():
        credentials = sandbox.clients[name]
        account = await accounts.by_name(conn, account_name)
        if account is None:
            account = await accounts.add(conn, uuid7(), account_name)
        for client in known.values():
            outdated = client.demo and client.name == name and client.key_id != credentials.key
            if outdated and client.revoked_at is None:
                await clients.revoke(conn, client.key_id)
        if credentials.key not in known:
            await clients.add(
                conn,
                NewClient(
                    id=uuid7(),
                    account=account.id,
                    key_id=credentials.key,
                    name=name,
                    secret_mac=pepper.mac(credentials.secret.reveal(), pepper.version),
                    pepper_version=pepper.version,
                    scopes=tuple(sorted(check_scopes(scopes))),
                    demo=True,
                ),
            )


def write_private(path: Path, text: str) -> None:
    """Write a file at once or not at all, readable by us alone."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
