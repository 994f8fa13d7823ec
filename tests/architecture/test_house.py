"""The house guards itself: rooms, sizes, documents, and what must never be committed."""

import ast
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from providers import REGISTRY

ROOT = Path(__file__).parents[2]
LAYERS = ("app", "schema", "resolvers", "ordering", "providers", "db", "vault", "domain")
ROOMS = (*LAYERS, "execution", "notices", "simulators", "tests")
PROJECT = "vouchergraph"
MODULES = [
    path
    for room in ROOMS
    for path in sorted((ROOT / room).rglob("*.py"))
    if not {"__pycache__", "node_modules"} & set(path.parts)
]
MOST_LINES = 400
FORBIDDEN_NAMES = {"util", "utils", "helper", "helpers", "common", "misc", "base", "manager"}


def test_imports_point_downward() -> None:
    done = subprocess.run(  # noqa: S603
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_no_dependency_brings_a_package_named_like_one_of_our_rooms() -> None:
    owners = packages_distributions()
    assert {room: set(owners.get(room, ())) - {PROJECT} for room in ROOMS} == {
        room: set() for room in ROOMS
    }


def test_every_provider_is_documented() -> None:
    documented = {path.stem for path in (ROOT / "docs" / "providers").glob("*.md")}
    assert documented == set(REGISTRY)


def test_no_room_without_a_purpose() -> None:
    assert [path for path in MODULES if path.stem in FORBIDDEN_NAMES] == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_can_be_read_in_one_sitting(path: Path) -> None:
    lines = len(path.read_text().splitlines())
    # Tables of payloads are data, whatever their ending.
    assert lines <= MOST_LINES or path.stem.endswith("payloads"), f"{lines} lines"


def test_the_environment_is_read_in_one_place() -> None:
    readers = [
        str(path.relative_to(ROOT))
        for path in MODULES
        if path.parts[len(ROOT.parts)] != "tests" and _reads_environment(path)
    ]
    assert readers in ([], ["app/settings.py"])


def _reads_environment(path: Path) -> bool:
    return any(
        isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "environb"}
        for node in ast.walk(ast.parse(path.read_text()))
    )


def test_locks_hold_no_address() -> None:
    lock = (ROOT / "requirements.txt").read_text()
    assert "://" not in lock
    names = [line for line in lock.splitlines() if line and not line.startswith((" ", "#"))]
    assert all(re.match(r"[a-z0-9._-]+==\S+", name) for name in names)
    assert "--hash=sha256:" in lock
    for place in ("tests/node", "web"):
        packages = (ROOT / place / "package-lock.json").read_text()
        assert '"resolved"' not in packages
        assert '"integrity": "sha512-' in packages
