"""The page of the examples: its commands do what they say, in the order they stand there."""

import asyncio
import re
import shutil
from pathlib import Path

import pytest

from tests.docs.pages import LINK, ROOT, fenced
from tests.examples.desk import Desk
from tests.examples.programs import EXAMPLES, environment
from tests.examples.test_examples import TASKS, no_curl

TEXT = (EXAMPLES / "README.md").read_text(encoding="utf-8")
READY, PYTHON, CURL = fenced(TEXT, "bash")


def test_every_program_is_listed() -> None:
    linked = {path for path in LINK.findall(TEXT) if not path.startswith("..")}
    endings = (("python", "py"), ("curl", "sh"), ("typescript", "ts"))
    named = {
        f"{folder}/{task if ending != 'py' else task.replace('-', '_')}.{ending}"
        for folder, ending in endings
        for task in TASKS
    }
    assert linked == named


@no_curl
@pytest.mark.parametrize("commands", [PYTHON, CURL], ids=["python", "curl"])
async def test_the_commands(commands: str, desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    setting_up = READY.replace("/tmp/vouchergraph.json", str(desk.running.ready_file))  # noqa: S108
    assert setting_up != READY
    known = environment("", "", "")
    process = await asyncio.create_subprocess_exec(
        *(shutil.which("bash") or "bash", "-euo", "pipefail", "-c", setting_up + commands),
        cwd=tmp_path,
        env={name: known[name] for name in ("PATH", "HOME")},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(100):
        printed, said = (part.decode() for part in await process.communicate())
    assert (process.returncode, said) == (0, "")
    lines = printed.splitlines()
    assert lines[-3:-2] == ["DELIVERED\t2\t0"], printed
    assert all(re.match(r"\d+\.\d+\t[A-Z]{3}\t", line) for line in lines[-2:])
