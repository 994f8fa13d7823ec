"""The pages as tests read them: their text, links, and the names in their code."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
# The examples may have been installed, with the pages of what they need.
FOUND = sorted((ROOT / "docs").rglob("*.md"))
PAGES = [README, *(path for path in FOUND if "node_modules" not in path.parts)]
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"^ {4,}\S.*$", re.MULTILINE)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def page(name: str) -> str:
    """The text of a page below docs."""
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def fenced(text: str, language: str) -> list[str]:
    """The code blocks of one language, in order."""
    return [body for found, body in FENCED.findall(text) if found == language]


def code(text: str) -> list[str]:
    """Everything that is set as code: blocks, and spans in the running text."""
    blocks = [body for _, body in FENCED.findall(text)]
    rest = FENCED.sub("", text)
    return [*blocks, *INDENTED.findall(rest), *SPAN.findall(INDENTED.sub("", rest))]
