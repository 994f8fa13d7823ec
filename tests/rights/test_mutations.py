"""The matrix of changing: who may is obeyed, who may not moves nothing, whatever they send."""

from typing import Any

import pytest

from tests.rights.changing import INPUTS, WRITTEN, operation
from tests.rights.printed import Expected, may, of_field, schema
from tests.rights.world import OURS, World, compare

DOERS = [name for name in OURS if name.startswith("only") or name in ("owner", "operator")]


def allowed(who: str, name: str) -> bool:
    root, scopes = schema().mutation_type, OURS[who]
    assert root is not None
    return scopes is not None and may(scopes, of_field(root, name))


@pytest.fixture(scope="module")
async def inputs(world: World) -> dict[str, dict[str, Any]]:
    """Valid for whoever may; nobody who may uses them up."""
    return {name: await make(world) for name, make in INPUTS.items()}


def test_every_mutation_is_tried() -> None:
    root = schema().mutation_type
    assert root is not None
    assert set(INPUTS) == set(root.fields)
    tried = {name for who in DOERS for name in INPUTS if allowed(who, name)}
    assert tried == set(INPUTS)


@pytest.mark.parametrize(
    "who", [who for who in OURS if not all(allowed(who, name) for name in INPUTS)]
)
async def test_who_may_not_is_refused_and_nothing_moves(
    world: World, inputs: dict[str, dict[str, Any]], who: str
) -> None:
    refused = [name for name in INPUTS if not allowed(who, name)]
    before = await world.state()
    answer = await world.send(who, operation({name: inputs[name] for name in refused}))
    assert answer.body["data"] == dict.fromkeys(refused)
    code = "UNAUTHENTICATED" if OURS[who] is None else "FORBIDDEN"
    assert [(error["path"], error["extensions"]["code"]) for error in answer.body["errors"]] == [
        ([name], code) for name in refused
    ]
    assert (await world.state()).moved(before) == set()


@pytest.mark.parametrize(
    ("who", "name"), [(who, name) for who in DOERS for name in INPUTS if allowed(who, name)]
)
async def test_who_may_is_obeyed_and_sees_of_it_what_they_may(
    world: World, who: str, name: str
) -> None:
    asked = operation({name: await INPUTS[name](world)})
    if name == "providerResume":
        pause = operation({"providerPause": await INPUTS["providerPause"](world)})
        await world.send("operator", pause)
    before = await world.state()
    answer = await world.send(who, asked)
    # What it answered where it may be seen; what may not is cut from it.
    whole = {"data": answer.body["data"]}
    expected = Expected(asked.document, asked.variables, whole, OURS[who])
    compare(expected, answer)
    payload = answer.body["data"][name]
    moved = (await world.state()).moved(before)
    if name in WRITTEN:
        assert payload["problems"] == []
        assert moved >= WRITTEN[name]
    else:
        assert [problem["code"] for problem in payload["problems"]]
        assert moved <= {"requests", "fulfillments", "orders"}
    if name == "orderPlace":
        await world.finish()
    if name == "providerPause":
        await world.send("operator", operation({"providerResume": {"provider": "xoxoday"}}))


async def test_a_get_changes_nothing(world: World, inputs: dict[str, dict[str, Any]]) -> None:
    """Whoever asks: a link or an image on a foreign page sends a GET."""
    before = await world.state()
    for name, given in inputs.items():
        if "lines" in given:
            continue
        literal = ", ".join(
            f"{key}: {value if key == 'resolution' else chr(34) + value + chr(34)}"
            for key, value in given.items()
        )
        text = f"mutation {{ {name}(input: {{ {literal} }}) {{ problems {{ code }} }} }}"
        answer = await world.clients["everything"].send(text, method="GET")
        assert answer.status == 405, name
        assert "data" not in answer.body
    assert (await world.state()).moved(before) == set()


async def test_several_operations_in_one_request_are_refused_whole(
    world: World, inputs: dict[str, dict[str, Any]]
) -> None:
    client = world.clients["everything"]
    assert client.credentials is not None
    headers = {
        "X-API-Key": client.credentials["key"],
        "X-API-Secret": client.credentials["secret"],
    }
    one = operation({"cartCreate": inputs["cartCreate"]})
    batch = [{"query": one.text, "variables": one.variables}] * 2
    before = await world.state()
    async with client.session.post(client.url, json=batch, headers=headers) as response:
        body = await response.json()
    assert (response.status, [e["extensions"]["code"] for e in body["errors"]]) == (
        400,
        ["BAD_REQUEST"],
    )
    assert "data" not in body
    assert (await world.state()).moved(before) == set()


async def test_a_refused_mutation_does_not_stop_the_one_beside_it(world: World) -> None:
    """Nor the other way round: each is decided by itself, in order."""
    given = {name: await INPUTS[name](world) for name in ("walletTopUp", "cartCreate")}
    answer = await world.send("owner", operation(given))
    assert answer.body["data"]["walletTopUp"] is None
    assert answer.body["data"]["cartCreate"]["problems"] == []
    assert [error["path"] for error in answer.body["errors"]] == [["walletTopUp"]]


async def test_for_another_account_only_operators_act(world: World) -> None:
    """Importing to another account asks more than importing; the refusal is in the payload."""
    other = (await world.clients["stranger"].data("{ viewer { account } }"))["viewer"]["account"]
    text = """mutation ($input: OrderImportInput!) { orderImport(input: $input) {
                order { id } problems { code path } } }"""
    given = {**world.importable.pop(), "account": other}
    before = await world.state()
    for who in ("only orders:import", "all but operations:write"):
        payload = (await world.clients[who].data(text, {"input": given}))["orderImport"]
        assert payload == {
            "order": None,
            "problems": [{"code": "INVALID_INPUT", "path": ["input", "account"]}],
        }
    assert (await world.state()).moved(before) == set()
    done = (await world.clients["everything"].data(text, {"input": given}))["orderImport"]
    assert done["problems"] == []
