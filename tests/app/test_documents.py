"""Registered documents: whole files or nothing of them, and a service that runs nothing else."""

import asyncio
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from app.registered import ManifestBroken, Trusted, digest_of, read_manifest
from app.registering import NotRegistered, broken, listed, register
from tests.app.process import Running, command, serving, workplace
from tests.app.test_persisted import code, get, hashed, post

PRODUCTS = "query Products { products(first: 2) { nodes { id name } } }"
WHO = "query Who { viewer { actor } }"
CART = "mutation Cart { cartCreate(input: {}) { cart { id } } }"
LATER = "query Later { providers { name } }"
EVENTS = 'subscription Events { orderEvents(after: "0") { sequence } }'
BY_HASH = {f"sha256:{digest_of(text)}": text for text in (PRODUCTS, CART, EVENTS)}
BY_SHA1 = {"5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8": WHO}
APOLLO = {
    "format": "apollo-persisted-query-manifest",
    "version": 1,
    "operations": [
        {"id": digest_of(PRODUCTS), "name": "Products", "type": "query", "body": PRODUCTS},
        {"id": "who", "name": "Who", "type": "query", "body": WHO},
    ],
}


def manifest(directory: Path, content: object, name: str = "made.json") -> Path:
    path = directory / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


# ---------------------------------------------------------------- files


def test_three_formats_are_read(tmp_path: Path) -> None:
    assert read_manifest(manifest(tmp_path, BY_HASH)) == BY_HASH
    assert read_manifest(manifest(tmp_path, BY_SHA1)) == BY_SHA1
    found = read_manifest(manifest(tmp_path, APOLLO))
    assert found == {digest_of(PRODUCTS): PRODUCTS, "who": WHO}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "is not JSON"),
        ("[1]", "holds no documents"),
        ({"id": 5}, "no document for the id id"),
        ({"id": " "}, "no document for the id id"),
        ({"": WHO}, "an id that is not"),
        ({"a b": WHO}, "an id that is not"),
        ({"x" * 201: WHO}, "an id that is not"),
        ({"sha256:" + "0" * 64: WHO}, "is not the hash of its document"),
        ({"format": "other", "version": 1, "operations": []}, "a format that is not known"),
        (APOLLO | {"version": 2}, "a format that is not known"),
        (APOLLO | {"operations": {}}, "no list of operations"),
        (APOLLO | {"operations": [{"body": WHO}]}, "an id that is not"),
        (
            APOLLO | {"operations": [{"id": "a", "body": WHO}, {"id": "a", "body": CART}]},
            "two documents with the id a",
        ),
    ],
)
def test_a_file_that_is_none_is_told(tmp_path: Path, content: object, reason: str) -> None:
    with pytest.raises(ManifestBroken, match=reason) as told:
        read_manifest(manifest(tmp_path, content))
    assert "made.json" in str(told.value)


# ---------------------------------------------------------------- registering


def test_registering_twice_changes_nothing(tmp_path: Path) -> None:
    source, directory = manifest(tmp_path, BY_HASH), tmp_path / "new" / "documents"
    first = register(source, directory)
    assert (first.total, first.new, first.written) == (3, 3, True)
    (file,) = directory.iterdir()
    assert file.name == first.file
    assert file.stat().st_mode & 0o777 == 0o644
    before = file.stat().st_mtime_ns
    again = register(source, directory)
    assert (again.total, again.new, again.written) == (3, 0, False)
    assert file.stat().st_mtime_ns == before
    more = register(manifest(tmp_path, BY_HASH | BY_SHA1), directory)
    assert (more.total, more.new, more.written) == (4, 1, True)
    assert len(list(directory.iterdir())) == 2
    assert {one.operations for one in listed(directory) if one.file == more.file} == {
        ("query Products",),
        ("query Who",),
        ("mutation Cart",),
        ("subscription Events",),
    }


BALANCES = " ".join(f"b{number}: balances {{ amount }}" for number in range(20))
WIDE = f"{{ products(first: 100) {{ nodes {{ provider {{ {BALANCES} }} }} }} }}"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("query {", "Syntax Error"),
        ("query Gone { gone }", "Cannot query field 'gone'"),
        ("query Deep " + "{ node(id: 1) " * 30 + "}" * 30, "fields deep"),
        ("fragment F on Query { __typename }", "never used"),
        (WIDE, "It would cost"),
    ],
)
def test_one_that_cannot_run_keeps_all_out(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(NotRegistered) as told:
        register(manifest(tmp_path, BY_HASH | {"the-one": text}), tmp_path / "documents")
    assert all(line.startswith("the-one") for line in told.value.reasons)
    assert reason in told.value.reasons[0]
    assert not (tmp_path / "documents").exists()


def test_an_id_never_means_another_document(tmp_path: Path) -> None:
    directory = tmp_path / "documents"
    register(manifest(tmp_path, BY_SHA1), directory)
    with pytest.raises(ManifestBroken, match=r"made.json has another document with the id 5baa"):
        register(manifest(tmp_path, dict.fromkeys(BY_SHA1, LATER)), directory)


def test_what_a_newer_version_no_longer_runs_is_named(tmp_path: Path) -> None:
    documents = {"old": "query Old { legacy }", **BY_SHA1}
    assert [line.partition(":")[0] for line in broken(documents)] == ["old (query Old)"]


# ---------------------------------------------------------------- while it runs


async def test_changes_are_seen_and_broken_files_left_out(tmp_path: Path) -> None:
    now = 0.0
    manifest(tmp_path, BY_HASH, "a.json")
    trusted = Trusted(tmp_path, lambda: now)
    assert (await trusted.current()).find(digest_of(CART)) == CART
    manifest(tmp_path, BY_SHA1, "b.json")
    assert (await trusted.current()).find("who") is None  # not looked again yet
    now += 1
    assert (await trusted.current()).texts == {PRODUCTS, CART, EVENTS, WHO}
    manifest(tmp_path, "{", "a.json")
    manifest(tmp_path, {"later": LATER}, "c.json")
    now += 1
    found = await trusted.current()
    assert found.find("later") == LATER
    assert found.texts == {PRODUCTS, CART, EVENTS, WHO, LATER}  # as it was before it broke
    manifest(tmp_path, dict.fromkeys(BY_SHA1, LATER), "d.json")
    now += 1
    assert (await trusted.current()).find(*BY_SHA1) == WHO
    (tmp_path / "a.json").unlink()
    now += 1
    assert (await trusted.current()).texts == {WHO, LATER}
    shutil.rmtree(tmp_path)
    now += 1
    assert (await trusted.current()).texts == {WHO, LATER}  # an unmounted volume ends nothing


async def test_one_file_is_enough(tmp_path: Path) -> None:
    now = 0.0
    path = manifest(tmp_path, BY_SHA1)
    trusted = Trusted(path, lambda: now)
    assert (await trusted.current()).texts == {WHO}
    manifest(tmp_path, {"later": LATER}, "next.json").replace(path)
    now += 1
    assert (await trusted.current()).texts == {LATER}


def test_a_start_needs_every_file(tmp_path: Path) -> None:
    with pytest.raises(ManifestBroken, match="cannot be read"):
        Trusted(tmp_path / "missing")
    manifest(tmp_path, BY_SHA1, "a.json")
    manifest(tmp_path, dict.fromkeys(BY_SHA1, LATER), "b.json")
    with pytest.raises(ManifestBroken, match="another document"):
        Trusted(tmp_path)


# ---------------------------------------------------------------- commands and service


def test_the_commands(tmp_path: Path) -> None:
    directory = tmp_path / "documents"
    source = str(manifest(tmp_path, BY_HASH))
    done = command(tmp_path, "documents", "register", source, "--into", str(directory))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("3 documents: 3 new, 0 known; documents-")
    done = command(tmp_path, "documents", "check", str(directory))
    assert (done.returncode, done.stdout) == (0, "3 documents run\n")
    bad = str(manifest(tmp_path, {"bad": "{ gone }"}))
    done = command(tmp_path, "documents", "register", bad, "--into", str(directory))
    assert done.returncode == 1
    assert done.stderr.startswith("bad (query (no name)): Cannot query field 'gone'")
    assert done.stderr.endswith("nothing was registered\n")
    manifest(directory, {"bad": "{ gone }"}, "copied.json")
    done = command(tmp_path, "documents", "check", VOUCHERGRAPH_TRUSTED_DOCUMENTS=str(directory))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("bad ")
    done = command(tmp_path, "documents", "list", str(directory))
    assert f"sha256:{digest_of(CART)}  mutation Cart  documents-" in done.stdout
    done = command(tmp_path, "documents", "list")
    assert done.returncode == 2
    assert "VOUCHERGRAPH_TRUSTED_DOCUMENTS" in done.stderr


def test_a_schema_is_compared_with_registered_documents(tmp_path: Path) -> None:
    released = tmp_path / "released.graphql"
    released.write_text(command(tmp_path, "sdl").stdout)
    against = ("sdl", "--against", str(released))
    manifest(tmp_path, BY_HASH, "documents.json")
    place = str(tmp_path / "documents.json")
    done = command(tmp_path, *against, "--documents", place)
    assert (done.returncode, done.stdout) == (0, "nothing breaks\n")
    for text in ("query Gone { gone }", "query {"):
        manifest(tmp_path, {"old": text}, "documents.json")
        done = command(tmp_path, *against, "--documents", place)
        assert done.returncode == 1
        assert "breaking  The registered document old is no longer valid" in done.stdout
    manifest(tmp_path, "{", "documents.json")
    assert command(tmp_path, *against, "--documents", place).returncode == 2
    assert command(tmp_path, "sdl", "--documents", place).returncode == 2


def test_a_broken_file_stops_the_start(tmp_path: Path) -> None:
    manifest(tmp_path, "{", "broken.json")
    with workplace() as directory:
        done = command(directory, "serve", VOUCHERGRAPH_TRUSTED_DOCUMENTS=str(tmp_path))
    assert done.returncode == 1
    assert "broken.json is not JSON: see VOUCHERGRAPH_TRUSTED_DOCUMENTS" in done.stderr


@pytest.fixture(scope="module")
def trusting() -> Iterator[Running]:
    """A service that runs registered documents alone, some of them of each kind."""
    with workplace() as directory:
        documents = directory / "documents"
        documents.mkdir()
        manifest(documents, BY_HASH, "one.json")
        manifest(documents, BY_SHA1, "two.json")
        with serving(
            directory, VOUCHERGRAPH_TRUSTED_DOCUMENTS=str(documents), VOUCHERGRAPH_PORT="0"
        ) as running:
            yield running


async def test_a_registered_document_runs_by_any_of_its_names(
    http: aiohttp.ClientSession, trusting: Running
) -> None:
    digest = digest_of(PRODUCTS)
    for body in (
        {"query": PRODUCTS},
        {"documentId": f"sha256:{digest}"},
        {"documentId": digest},
        hashed(PRODUCTS),
        hashed(PRODUCTS, query=PRODUCTS),
    ):
        status, answer = await post(http, trusting, body)
        assert (status, len(answer["data"]["products"]["nodes"])) == (200, 2), body
    (sha1,) = BY_SHA1
    persisted = {"persistedQuery": {"version": 1, "sha256Hash": sha1}}
    for body in ({"documentId": sha1}, {"extensions": persisted}):
        assert (await post(http, trusting, body))[1]["data"]["viewer"]["actor"]
    assert "data" in (await get(http, trusting, documentId=sha1))[1]
    assert "data" in (await post(http, trusting, {"documentId": f"sha256:{digest_of(CART)}"}))[1]


@pytest.mark.parametrize(
    "body",
    [
        {"query": "{ __typename }"},
        {"query": "{ _service { sdl } }"},
        {"query": "{ __schema { queryType { name } } }"},
        {"query": PRODUCTS + " "},
        {"query": "{" * 5000},
        {"documentId": "unknown"},
        {"documentId": "../../etc/passwd"},
        hashed(LATER),
        hashed(LATER, query=LATER),
        hashed(PRODUCTS, query=LATER),
    ],
    ids=lambda body: json.dumps(body)[:60],
)
async def test_nothing_else_runs(
    http: aiohttp.ClientSession, trusting: Running, body: dict[str, Any]
) -> None:
    for _ in range(2):  # and nothing is learned
        status, answer = await post(http, trusting, body)
        assert (status, code(answer)) == (400, "DOCUMENT_NOT_TRUSTED")
        assert len(answer["errors"]) == 1
        assert "data" not in answer


async def test_sockets_and_streams_are_no_way_around(
    http: aiohttp.ClientSession, trusting: Running
) -> None:
    known = trusting.headers("partner")
    async with http.ws_connect(trusting.url, protocols=["graphql-transport-ws"]) as ws:
        await ws.send_json({"type": "connection_init", "payload": known})
        await ws.receive_json()
        for id, query in (("1", "{ __typename }"), ("2", WHO)):
            await ws.send_json({"type": "subscribe", "id": id, "payload": {"query": query}})
        answers: dict[str, Any] = {}
        for _ in range(3):
            message = await ws.receive_json()
            answers.setdefault(message["id"], message)
        assert answers["1"]["payload"][0]["extensions"]["code"] == "DOCUMENT_NOT_TRUSTED"
        assert answers["2"]["type"] == "next"
    headers = {**known, "Accept": "text/event-stream"}
    own = {"query": EVENTS + " "}
    async with http.post(trusting.url, json=own, headers=headers) as response:
        assert response.status == 400
    named = {"documentId": f"sha256:{digest_of(EVENTS)}"}
    async with http.post(trusting.url, json=named, headers=headers) as response:
        assert (response.status, response.content_type) == (200, "text/event-stream")


async def test_what_is_registered_now_runs_without_a_restart(
    http: aiohttp.ClientSession, trusting: Running, tmp_path: Path
) -> None:
    documents = trusting.directory / "documents"
    assert (await post(http, trusting, {"query": LATER}))[0] == 400
    manifest(documents, "{", "broken.json")
    register_source = manifest(tmp_path, {"later": LATER})
    with pytest.raises(ManifestBroken):
        register(register_source, documents)  # it would say that all is well
    (documents / "broken.json").unlink()
    register(register_source, documents)
    manifest(documents, "{", "broken.json")
    await asyncio.sleep(1.1)
    assert (await post(http, trusting, {"documentId": "later"}))[0] == 200
    assert (await post(http, trusting, {"query": PRODUCTS}))[0] == 200
    lines = [json.loads(line) for line in trusting.log().splitlines()]
    (line,) = [one for one in lines if one["event"] == "documents.broken"]
    assert (line["level"], line["reason"]) == ("error", "broken.json is not JSON")
