"""`audit checkpoint` and `audit verify` beside a running service."""

import json
from pathlib import Path

from tests.app.process import Running, command


def test_a_checkpoint_is_taken_kept_and_compared(service: Running, tmp_path: Path) -> None:
    account = command(service.directory, "accounts", "create", "audited").stdout.strip()
    words = ("clients", "create", "--account", account, "--scope", "catalog:read")
    assert command(service.directory, *words).returncode == 0
    taken = command(service.directory, "audit", "checkpoint")
    assert taken.returncode == 0, taken.stderr
    shown = json.loads(taken.stdout)
    assert shown.keys() == {"number", "at", "heads", "root", "previous", "mac"}
    kept = tmp_path / "kept.json"
    kept.write_text(taken.stdout)
    verified = command(service.directory, "audit", "verify", "--checkpoint", str(kept))
    assert (verified.returncode, verified.stdout) == (0, "every chain holds\n"), verified.stderr
    kept.write_text(json.dumps({**shown, "heads": shown["heads"] + 1}))
    broken = command(service.directory, "audit", "verify", "--checkpoint", str(kept))
    assert broken.returncode == 1
    assert "kept.json line 1" in broken.stderr
    absent = command(service.directory, "audit", "verify", "--checkpoint", str(tmp_path / "none"))
    assert absent.returncode == 2
