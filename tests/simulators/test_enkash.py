"""EnKash: login and lock, the misspelt payload, catalog, cart, orders."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from simulators.catalog import Kind
from simulators.enkash import PAST
from tests.simulators.clients import EnKashClient

REF = "VG_ENKASH1234"
DETAILS = {
    "orderId",
    "paymentStatus",
    "orderStatus",
    "totalQuantity",
    "totalAmount",
    "orderAmount",
    "paidAmount",
    "partnerOrderReferenceId",
    "voucherDetailsList",
}


async def test_a_login_answers_as_the_sample(enkash: EnKashClient) -> None:
    token = (await enkash.log_in()).json
    assert set(token) == {"access_token", "token_type", "refresh_token", "expires_in", "scope"}
    assert (token["token_type"], token["expires_in"]) == ("bearer", 86399)


async def test_three_wrong_passwords_lock_the_account(enkash: EnKashClient) -> None:
    for _ in range(3):
        assert (await enkash.log_in(password="wrong")).json["error"] == "invalid_grant"
    locked = await enkash.log_in()
    assert (locked.status, locked.json["error_description"]) == (401, "User account is locked")
    await enkash.send("POST", "/_sim/reset")
    assert (await enkash.log_in()).status == 200


async def test_a_wrong_client_is_told_so_and_locks_nobody(enkash: EnKashClient) -> None:
    for _ in range(4):
        assert (await enkash.log_in(client_secret="x")).json["error"] == "invalid_client"
    assert (await enkash.log_in()).status == 200


async def test_tokens_end(enkash: EnKashClient) -> None:
    await enkash.set(token_seconds=60)
    assert (await enkash.log_in()).json["expires_in"] == 60
    assert (await enkash.call("GET", "/partner/points/balance")).status == 200
    await enkash.set(clock_offset_seconds=61)
    ended = await enkash.call("GET", "/partner/points/balance")
    assert (ended.status, ended.json["error"]) == (401, "invalid_token")


async def test_refresh_tokens_are_taken(enkash: EnKashClient) -> None:
    refresh = (await enkash.log_in()).json["refresh_token"]
    known = enkash.credentials
    headers = {
        "Authorization": enkash.basic(known["client_id"], known["client_secret"]),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    form = f"grant_type=refresh_token&refresh_token={refresh}"
    assert (await enkash.send("POST", "/oauth/token", form.encode(), headers)).status == 200
    wrong = await enkash.send("POST", "/oauth/token", form.encode() + b"x", headers)
    assert wrong.json["error"] == "invalid_grant"


async def test_the_catalog_is_paged_by_offset(enkash: EnKashClient) -> None:
    seen = []
    for offset in ("0", "50", "100"):
        path = f"/partner/search-catalog?limit=50&offset={offset}"
        reply = (await enkash.call("POST", path, {})).json
        assert (reply["response_code"], reply["totalCount"]) == ("0", 80)
        seen += [row["productCatalogId"] for row in reply["payload"]]
    assert seen == list(enkash.simulator.world.products)
    assert (await enkash.call("POST", "/partner/search-catalog", {})).status == 400


@pytest.mark.parametrize("field", ["brand", "category"])
async def test_the_catalog_is_searched(enkash: EnKashClient, field: str) -> None:
    product = enkash.product()
    body = {field: [getattr(product, field)], "searchText": product.brand[:6].upper()}
    path = "/partner/search-catalog?limit=50&offset=0"
    rows = (await enkash.call("POST", path, body)).json["payload"]
    assert product.sku in [row["productCatalogId"] for row in rows]
    assert all(row[field] == getattr(product, field) for row in rows)


async def test_configs_tell_denominations_and_prices(enkash: EnKashClient) -> None:
    product = enkash.product()
    shown = (await enkash.call("GET", f"/partner/search-config/{product.sku}")).json["payload"]
    assert set(shown) == {
        "productCatalogId",
        "brand",
        "aggregator",
        "category",
        "images",
        "enkashImages",
        "description",
        "configResponses",
        "enabled",
        "active",
        "rank",
        "termsAndCondition",
        "howToRedeem",
        "expiryPeriod",
        "discount",
    }
    assert [row["mrp"] for row in shown["configResponses"]] == list(product.values)
    for row in shown["configResponses"]:
        assert row["sellRate"] == row["mrp"] * (1 - row["enkashDiscount"] / Decimal(100))
        assert not row["customAmountEnabled"]


async def test_any_amount_is_one_custom_config(enkash: EnKashClient) -> None:
    product = next(p for p in enkash.simulator.world.products.values() if not p.values)
    shown = (await enkash.call("GET", f"/partner/search-config/{product.sku}")).json["payload"]
    [config] = shown["configResponses"]
    assert (config["customAmountEnabled"], config["mrp"]) == (True, product.maximum)
    body = {"productCatalogId": product.sku, "quantity": 1, "orderReferenceId": REF}
    for amount, taken in ((product.maximum + 1, False), (0, False), (1, True)):
        sent = body | {"denomination": int(amount)}
        reply = await enkash.call("POST", "/partner/create-order", sent)
        assert (reply.json["response_code"] == 0) is taken


async def test_unknown_products_are_404(enkash: EnKashClient) -> None:
    for path in ("/partner/search-catalog/PC1", "/partner/search-config/PC1"):
        reply = await enkash.call("GET", path)
        assert (reply.status, reply.json["response_code"]) == (404, 1)


async def test_an_order_is_answered_and_read_as_in_the_contract(enkash: EnKashClient) -> None:
    product = enkash.product()
    placed = (await enkash.place(REF, product, 2)).json
    assert (placed["response_code"], placed["response_message"]) == (0, "Success")
    read = (await enkash.details(REF)).json
    assert (read["response_code"], "payload" in read) == ("0", False)
    order = read["paylod"]
    assert order == placed["payload"]
    assert set(order) == DETAILS
    assert (order["orderStatus"], order["paymentStatus"]) == ("SUCCESS", "SUCCESS")
    assert order["totalAmount"] == product.usual_value * 2 > order["paidAmount"]
    [first, second] = order["voucherDetailsList"]
    assert set(first) == {"cardNumber", "pin", "expiryDate"}
    assert (len(first["cardNumber"]), len(first["pin"])) == (16, 6)
    assert first["cardNumber"] != second["cardNumber"]
    datetime.strptime(first["expiryDate"], "%Y-%m-%dT%H:%M:%S")  # noqa: DTZ007 - it has none
    by_id = await enkash.details(order["orderId"])
    by_path = await enkash.call("GET", f"/partner/fetch-order-details/{REF}")
    assert by_id.json == by_path.json == read


async def test_the_ledger_knows_what_was_issued(enkash: EnKashClient) -> None:
    product = enkash.product()
    order = (await enkash.place(REF, product, 2)).json["payload"]
    [row] = await enkash.ledger(REF)
    assert (row["providerOrderId"], row["sku"], row["quantity"]) == (
        order["orderId"],
        product.sku,
        2,
    )
    assert row["charged"] == f"{order['paidAmount']:.2f}"
    assert [(unit["code"], unit["pin"]) for unit in row["vouchers"]] == [
        (unit["cardNumber"], unit["pin"]) for unit in order["voucherDetailsList"]
    ]


async def test_links_come_as_card_numbers(enkash: EnKashClient) -> None:
    order = (await enkash.place(REF, enkash.product(Kind.URL))).json["payload"]
    [unit] = order["voucherDetailsList"]
    assert unit["cardNumber"].startswith("https://")
    assert unit["pin"] == ""


async def test_pending_orders_have_no_vouchers_yet(enkash: EnKashClient) -> None:
    await enkash.set(instant=False, delivery_seconds=100)
    order = (await enkash.place(REF, enkash.product())).json["payload"]
    assert (order["orderStatus"], order["paymentStatus"]) == ("PENDING", "PENDING")
    assert order["voucherDetailsList"] == []
    await enkash.set(clock_offset_seconds=60)
    order = (await enkash.details(REF)).json["paylod"]
    assert (order["orderStatus"], order["paymentStatus"]) == ("PROCESSING", "SUCCESS")


@pytest.mark.parametrize(
    ("change", "status", "says"),
    [
        ({"productCatalogId": "PC1"}, 200, "not found"),
        ({"denomination": 3}, 200, "denomination"),
        ({"denomination": 100.5}, 400, "whole numbers"),
        ({"quantity": 1000}, 200, "quantity"),
        ({"quantity": 0}, 400, "whole numbers"),
        ({"orderReferenceId": ""}, 400, "orderReferenceId"),
    ],
)
async def test_refusals(
    enkash: EnKashClient, change: dict[str, Any], status: int, says: str
) -> None:
    product = enkash.product()
    body = {
        "productCatalogId": product.sku,
        "denomination": int(product.usual_value),
        "quantity": 1,
        "orderReferenceId": REF,
    }
    reply = await enkash.call("POST", "/partner/create-order", body | change)
    said = reply.json
    assert (reply.status, said["response_code"]) == (status, 1)
    assert said["payload"] == said["response_message"]
    assert says in said["payload"]
    assert await enkash.ledger(REF) == []


async def test_products_that_are_off_cannot_be_bought(enkash: EnKashClient) -> None:
    gone = next(p for p in enkash.simulator.world.products.values() if not p.available)
    assert (await enkash.place(REF, gone)).json["payload"] == "Product is not available"


async def test_a_reference_is_taken_once(enkash: EnKashClient) -> None:
    product = enkash.product()
    replies = await asyncio.gather(*(enkash.place(REF, product) for _ in range(5)))
    assert sorted(reply.json["response_code"] for reply in replies) == [0, 1, 1, 1, 1]
    assert len(await enkash.ledger(REF)) == 1


async def test_an_unknown_order_is_not_found(enkash: EnKashClient) -> None:
    reply = await enkash.details("VG_NEVERSENT")
    assert reply.status == 200
    assert reply.json == {
        "paylod": "Order details not found",
        "response_message": "Order details not found",
        "response_code": "1",
    }
    path = "/partner/fetch-order-details/VG_NEVERSENT"
    assert (await enkash.call("GET", path)).status == 404


async def test_the_list_is_newest_first_and_has_no_vouchers(enkash: EnKashClient) -> None:
    await enkash.place(REF, enkash.product())
    path = "/partner/search-order?limit=10&offset=0"
    page = (await enkash.call("POST", path, {"orderStatus": "", "brand": []})).json
    assert page["totalCount"] == len(PAST) + 1
    assert [row["partnerOrderReferenceId"] for row in page["payload"]] == [
        REF,
        *(order.reference for order in enkash.simulator.seeded_orders[:-10:-1]),
    ]
    assert set(page["payload"][0]) == DETAILS - {"voucherDetailsList"}
    upward = (await enkash.call("POST", path, {"direction": "ASC"})).json["payload"]
    assert upward[0]["partnerOrderReferenceId"] == "PO-2041-0001"


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({"orderStatus": "FAILURE"}, 1),
        ({"partnerOrderReferenceId": "PO-2041-0003"}, 1),
        ({"createdOnFrom": "2999-01-01"}, 0),
        ({"createdOnTo": "2999-01-01"}, len(PAST)),
        ({"amountTo": 1}, 0),
    ],
)
async def test_the_list_is_filtered(
    enkash: EnKashClient, wanted: dict[str, Any], count: int
) -> None:
    path = "/partner/search-order?limit=100&offset=0"
    assert (await enkash.call("POST", path, wanted)).json["totalCount"] == count


async def test_the_past_uses_every_word(enkash: EnKashClient) -> None:
    path = "/partner/search-order?limit=100&offset=0"
    rows = (await enkash.call("POST", path, {})).json["payload"]
    assert {row["orderStatus"] for row in rows} == {
        "CREATED",
        "INITIATED",
        "PENDING",
        "IN_PROGRESS",
        "PROCESSING",
        "SUCCESS",
        "PARTIAL_SUCCESS",
        "FAILED",
        "FAILURE",
        "CANCELLED",
        "REFUNDED",
    }


async def test_the_cart_adds_and_sets(enkash: EnKashClient) -> None:
    product = enkash.product()
    configs = (await enkash.call("GET", f"/partner/search-config/{product.sku}")).json
    config = configs["payload"]["configResponses"][0]
    named = config["productConfigId"]
    body = {
        "productCatalogId": product.sku,
        "items": {named: {"quantity": 1, "description": ""}},
    }
    for quantity in (1, 2):
        reply = (await enkash.call("POST", "/cart?product=VOUCHER", body)).json
        assert reply["response_code"] == 0
        [row] = reply["payload"]
        assert row["items"][named]["quantity"] == row["totalQuantity"] == quantity
    assert row["totalAmount"] == config["sellRate"] * 2
    assert row["totalSavings"] == (config["mrp"] - config["sellRate"]) * 2
    assert len(row["productConfigs"]) == len(product.values)
    assert row["name"] == product.brand
    assert (await enkash.call("GET", "/cart?product=VOUCHER")).json == reply
    body["items"] = {named: {"quantity": 0}}
    assert (await enkash.call("PATCH", "/cart?product=VOUCHER", body)).json["payload"] == []
    assert (await enkash.call("GET", "/cart")).status == 400


async def test_the_balance_is_charged_and_given_back(enkash: EnKashClient) -> None:
    async def left() -> Decimal:
        reply = (await enkash.call("GET", "/partner/points/balance")).json
        balance: Decimal = reply["payload"]["otbBalance"]
        return balance

    before = await left()
    paid = (await enkash.place(REF, enkash.product())).json["payload"]["paidAmount"]
    assert await left() == before - paid
    await enkash.break_with("place", "fail_later")
    await enkash.set(delivery_seconds=100)
    await enkash.place(REF + "2", enkash.product())
    assert await left() == before - paid * 2
    await enkash.set(clock_offset_seconds=101)
    assert await left() == before - paid


async def test_no_field_is_slipped_into_a_map_of_ids(enkash: EnKashClient) -> None:
    product = enkash.product()
    configs = (await enkash.call("GET", f"/partner/search-config/{product.sku}")).json
    named = configs["payload"]["configResponses"][0]["productConfigId"]
    body = {"productCatalogId": product.sku, "items": {named: {"quantity": 1}}}
    await enkash.break_with("cart", "extra_fields")
    [row] = (await enkash.call("POST", "/cart?product=VOUCHER", body)).json["payload"]
    assert list(row["items"]) == [named]
    assert "x_revision" in row


async def test_vouchers_are_valid_for_the_stated_days(enkash: EnKashClient) -> None:
    product = enkash.product()
    [unit] = (await enkash.place(REF, product)).json["payload"]["voucherDetailsList"]
    assert product.validity_days
    last = datetime.now(UTC).date() + timedelta(days=product.validity_days)
    assert unit["expiryDate"] == f"{last}T23:59:59"
