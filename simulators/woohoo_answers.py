"""How Woohoo says yes and no: bare JSON when asked directly, an envelope through the reseller."""

from collections.abc import Mapping
from typing import Any, NoReturn

from aiohttp import web

from simulators.calls import Call, Refused, answer

# Seen with cards that are not there yet or never will be: not an error of the call.
ORDER_STATES = (409, 410)
ERRORS = {
    400: "Error in decoding the request",
    500: "Something failed",
    1303: "Product not available",
    5035: "Payment code is not available",
    5036: "Payment amount does not match",
    5038: "Payment exceeds the limit",
    5306: "Product is not available",
    5307: "Denomination is not available",
    5310: "Product is invalid",
    5312: "Default address is missing",
    5313: "Duplicate refno",
    5316: "Product currency is not valid",
    5320: "Order is not valid or not available",
    5329: "Reference number is invalid",
    5352: "Resend is not allowed",
    6053: "Could not process, try later",
    6652: "Category not available",
    8221: "Cancellation is already running",
    10467: "Reversal is not possible any more",
    11135: "Product is not available for an hour",
    11152: "Quantity is above the limit",
}


def by_reseller(call: Call) -> bool:
    """Whether it came through the reseller's paths."""
    return call.request.path.startswith("/giftcard")


def say(
    call: Call, data: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Answer in the caller's profile; names sorted, as the signature wants them."""
    if by_reseller(call):
        good = status < 400 or status in ORDER_STATES
        data = {
            "code": f"0x0{status}",
            "status": "SUCCESS" if good else "FAILURE",
            "message": "Card details fetched successfully" if good else "Request failed",
            "data": data,
        }
    return answer(call, data, status, headers, in_order=True)


def error(code: int) -> dict[str, Any]:
    return {"code": code, "message": ERRORS[code], "messages": []}


def fail(call: Call, code: int, status: int = 400) -> NoReturn:
    raise Refused(say(call, error(code), status))


def rejected(call: Call, word: str) -> web.Response:
    """401: plain text directly, an envelope without data through the reseller."""
    if by_reseller(call):
        return say(call, None, 401)
    return web.Response(text=f"oauth_problem={word}", status=401)


def limited(call: Call, seconds: int) -> web.Response:
    body = {"code": 429, "message": "Too many requests", "messages": []}
    return say(call, body, 429, {"Retry-After": str(seconds)})
