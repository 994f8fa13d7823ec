"""The Python client `gql` over a WebSocket, as a partner's program would use it."""

from gql import Client, GraphQLRequest
from gql.transport.websockets import WebsocketsTransport

from tests.operations.buying import Buyer
from tests.operations.service import Service

EVENTS = """subscription ($after: String) {
  orderEvents(after: $after) { sequence type order { id } } }"""
READ = "query ($id: ID!) { order(by: {id: $id}) { lastSequence } }"


async def test_a_program_reads_then_listens_and_misses_nothing(
    service: Service, buyer: Buyer
) -> None:
    known = buyer.client.credentials
    transport = WebsocketsTransport(
        url=f"{service.url}/graphql".replace("http", "ws"),
        init_payload={"X-API-Key": known["key"], "X-API-Secret": known["secret"]},
        subprotocols=["graphql-transport-ws"],
    )
    first = await buyer.buy("woohoo")
    async with Client(transport=transport) as session:
        read = await session.execute(GraphQLRequest(READ, variable_values={"id": first["id"]}))
        second = await buyer.buy("woohoo")
        told = []
        after = {"after": read["order"]["lastSequence"]}
        async for event in session.subscribe(GraphQLRequest(EVENTS, variable_values=after)):
            told.append(event["orderEvents"])
            if event["orderEvents"]["type"] == "VOUCHERS_DELIVERED":
                break
    assert {one["order"]["id"] for one in told} == {second["id"]}
    numbers = [int(one["sequence"]) for one in told]
    start = int(read["order"]["lastSequence"])
    assert numbers == list(range(start + 1, start + 1 + len(numbers)))
