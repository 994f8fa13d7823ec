"""Takes webhooks, verifies them, does the work once: python verify_webhook.py [PORT]

VOUCHERGRAPH_WEBHOOK_SECRET is the endpoint's whsec_... The libraries of standardwebhooks.com do the
same as `verify`.
"""

import base64
import hmac
import json
import os
import sys
import time
from collections.abc import Mapping

from aiohttp import web

TOLERANCE_SECONDS = 300
# In your program: a table with a unique id, written in the transaction that does the work.
handled: set[str] = set()


class NotGenuine(Exception):
    """A message that we did not sign, that was changed, or that is too old."""


def verify(secret: str, headers: Mapping[str, str], body: bytes, now: float) -> str:
    """The message's id. `body` is as it came, before anything was parsed. Raises NotGenuine."""
    try:
        id, sent = headers["webhook-id"], headers["webhook-timestamp"]
        signatures = headers["webhook-signature"].split()
        age = now - int(sent)
    except (KeyError, ValueError):
        raise NotGenuine("a header is missing or malformed") from None
    if abs(age) > TOLERANCE_SECONDS:
        raise NotGenuine("it was sent too long ago, or a clock is wrong")
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"{id}.{sent}.".encode() + body, "sha256")
    expected = b"v1," + base64.b64encode(digest)
    # Two signatures while a secret is rotated. Compared in constant time: == would tell, by how
    # long it takes, how much of a guess is right.
    if not any(hmac.compare_digest(expected, one.encode()) for one in signatures):
        raise NotGenuine("the signature does not fit")
    return id


async def receive(request: web.Request) -> web.Response:
    """Any 2xx means taken. Answer soon: after 10 seconds it counts as failed and comes again."""
    body = await request.read()
    try:
        id = verify(os.environ["VOUCHERGRAPH_WEBHOOK_SECRET"], request.headers, body, time.time())
    except NotGenuine as error:
        return web.Response(status=401, text=str(error))
    if id not in handled:
        message = json.loads(body)
        data = message["data"]
        print(data["sequence"], data["orderReference"], message["type"], sep="\t", flush=True)
        handled.add(id)
    return web.Response(status=204)


if __name__ == "__main__":
    app = web.Application(client_max_size=65_536)
    app.router.add_post("/", receive)
    web.run_app(app, host="127.0.0.1", port=int((*sys.argv, "8080")[1]), print=None)
