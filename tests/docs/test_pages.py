"""The pages name what there is: files, settings, faults, commands."""

import re
from pathlib import Path

import pytest
from typer import Typer

from app import provider_settings, settings
from app.cli import app
from providers import REGISTRY
from simulators import KINDS
from simulators.faults import KINDS as FAULTS
from simulators.faults import OPERATIONS
from simulators.settings import Settings as SimulatorSettings
from tests.docs.pages import LINK, PAGES, ROOT, code, page

OURS = set(settings.NAMES)
PROVIDERS = set(provider_settings.names(REGISTRY))
# What the examples read, which no setting of the service is.
EXAMPLES = {f"VOUCHERGRAPH_{name}" for name in ("URL", "KEY", "SECRET", "WEBHOOK_SECRET")}
PREFIXES = ("VOUCHERGRAPH", *(name.upper() for name in REGISTRY))
NAME = re.compile(
    rf"(?<![A-Z0-9_<])((?:{'|'.join(PREFIXES)})_[A-Z0-9_]*[A-Z0-9]|DATABASE\w*_URL|REDIS_URL)(_\*)?"
)
COMMAND = re.compile(r"(?:^|[\s/])vouchergraph((?: [a-z]+)+)")
IDS = [str(path.relative_to(ROOT)) for path in PAGES]


@pytest.mark.parametrize("path", PAGES, ids=IDS)
def test_relative_links_point_to_files(path: Path) -> None:
    links = [link for link in LINK.findall(path.read_text()) if "://" not in link]
    targets = {link: path.parent / link.partition("#")[0] for link in links}
    assert [link for link, target in targets.items() if not target.is_file()] == []


@pytest.mark.parametrize("path", PAGES, ids=IDS)
def test_every_setting_named_exists(path: Path) -> None:
    known = OURS | PROVIDERS | EXAMPLES
    unknown = [
        name + star
        for name, star in NAME.findall(path.read_text())
        if name not in known and not (star and any(one.startswith(f"{name}_") for one in known))
    ]
    assert unknown == []


def test_every_setting_is_explained() -> None:
    named = {name for name, _ in NAME.findall(page("production.md"))}
    assert OURS - named == set()


@pytest.mark.parametrize("provider", sorted(REGISTRY))
def test_every_setting_of_a_provider_is_explained(provider: str) -> None:
    text = page("production.md") + page(f"providers/{provider}.md")
    wanted = {name for name in PROVIDERS if name.startswith(f"{provider.upper()}_")}
    assert wanted - {name for name, _ in NAME.findall(text)} == set()


def test_every_fault_operation_and_setting_of_the_simulators_is_explained() -> None:
    named = set(re.findall(r"`(\w+)`", page("simulators.md")))
    known = FAULTS | set(OPERATIONS) | set(SimulatorSettings().shown())
    assert known - named == set()


def test_the_faults_and_settings_explained_exist() -> None:
    text = page("simulators.md")
    rows = set(re.findall(r"^\| `(\w+)`", text, re.MULTILINE))
    assert rows - FAULTS - set(SimulatorSettings().shown()) == set()
    defaults = dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", text, re.MULTILINE))
    shown = {name: str(value) for name, value in SimulatorSettings().shown().items()}
    told = {name: value.replace("null", "none").lower() for name, value in defaults.items()}
    assert told == {name: shown[name].lower() for name in told}


def test_the_numbers_of_seeded_orders_are_right() -> None:
    told = re.search(
        r"(\d+) orders at EnKash, (\d+) at Starship, (\d+) at Xoxoday and (\d+) at Woohoo",
        page("simulators.md"),
    )
    assert told is not None
    counts = {name: len(kind(7).seeded_orders) for name, kind in KINDS.items()}
    names = ("enkash", "starship", "xoxoday", "woohoo")
    assert {name: int(n) for name, n in zip(names, told.groups(), strict=True)} == counts


@pytest.mark.parametrize("path", PAGES, ids=IDS)
def test_every_command_named_exists(path: Path) -> None:
    named = {
        tuple(words.split()) for text in code(path.read_text()) for words in COMMAND.findall(text)
    }
    assert [words for words in sorted(named) if not _is_command(words)] == []


def test_every_command_is_named() -> None:
    text = "\n".join(found for path in PAGES for found in code(path.read_text()))
    missing = [words for words in _commands() if f"vouchergraph {' '.join(words)}" not in text]
    assert missing == []


def _commands() -> list[tuple[str, ...]]:
    return [
        *((name,) for name in _names(app)),
        *(
            (str(group.name), name)
            for group in app.registered_groups
            if group.typer_instance is not None
            for name in _names(group.typer_instance)
        ),
    ]


def _names(group: Typer) -> list[str]:
    known = group.registered_commands
    return [one.name or one.callback.__name__ for one in known if one.callback is not None]


def _is_command(words: tuple[str, ...]) -> bool:
    return any(words[: len(known)] == known for known in _commands())
