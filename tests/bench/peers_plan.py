"""The peers' tuned Strawberry server with one difference: its schema is executed by our plans.

`python -m tests.bench.peers_plan PEERS/py PORT`, in the peers' own environment, with this
repository on the path: nothing of ours but `execution` is used, nothing of theirs is kept here.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from importlib import import_module
from typing import Any

from execution import EXTENSION, Attribute, Plans, executing


def planned(schema: Any) -> Any:
    """The schema with a plan for every document that comes again, as app/compiled.py has it."""
    core = schema._schema
    for kind in core.type_map.values():
        for field in getattr(kind, "fields", {}).values():
            definition = getattr(field, "extensions", {}).get("strawberry-definition")
            if definition is not None and definition.is_basic_field and not field.args:
                field.extensions[EXTENSION] = Attribute(definition.python_name)
    run = executing(Plans(core, sights=2))
    schema._get_execute_function = lambda: run
    return schema


def view(schema: Any, client: Any) -> Any:
    """Their view: loaders of its own for each request, JSON by orjson both ways."""
    views, orjson = import_module("strawberry.aiohttp.views"), import_module("orjson")
    common = import_module("common")

    async def get_context(_: Any, request: Any, response: Any) -> Any:
        orders, products = common.loaders(client)
        return {
            "request": request,
            "response": response,
            "client": client,
            "orders": orders,
            "products": products,
        }

    # Called by names, so they are theirs.
    def create_response(_: Any, response_data: Any, sub_response: Any) -> Any:
        sub_response.body = orjson.dumps(response_data)
        sub_response.content_type = "application/json"
        return sub_response

    members = {
        "get_context": get_context,
        "encode_json": lambda _, data: orjson.dumps(data),
        "decode_json": lambda _, data: orjson.loads(data),
        "create_response": create_response,
    }
    return type("Planned", (views.GraphQLView,), members)(schema=schema)


async def application() -> Any:
    """Their application: one client for all requests."""
    web, common = import_module("aiohttp.web"), import_module("common")
    client = common.AiohttpClient()

    async def closed(_: Any) -> AsyncIterator[None]:
        yield
        await client.close()

    app = web.Application()
    app.cleanup_ctx.append(closed)
    schema = planned(import_module("straw_schema").tuned_schema())
    app.router.add_route("*", "/graphql", view(schema, client))
    return app


def main() -> None:
    sys.path.insert(0, sys.argv[1])
    asyncio.set_event_loop_policy(import_module("uvloop").EventLoopPolicy())
    web = import_module("aiohttp.web")
    web.run_app(application(), host="127.0.0.1", port=int(sys.argv[2]), access_log=None, print=None)


if __name__ == "__main__":
    main()
