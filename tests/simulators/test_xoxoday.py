"""Xoxoday: rotating tokens, the one path, the catalog."""

from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from simulators.catalog import Kind
from simulators.xoxoday import Xoxoday
from tests.simulators.clients import XoxodayClient, answered, at_once, error_id

REF = "VG_XOXO12345"


async def test_a_refresh_answers_as_the_contract(xoxoday: XoxodayClient) -> None:
    pair = (await xoxoday.refresh()).json
    assert set(pair) == {
        "access_token",
        "token_type",
        "expires_in",
        "refresh_token",
        "access_token_expiry",
        "refresh_token_expiry",
    }
    assert pair["expires_in"] == 1_296_000
    assert len(pair["access_token_expiry"]) == 13
    found = await xoxoday.send(
        "GET", "/v1/oauth/token", headers={"Authorization": f"Bearer {pair['access_token']}"}
    )
    assert found.json["access_token"] == pair["access_token"]


async def test_a_refresh_token_works_once(xoxoday: XoxodayClient) -> None:
    used = xoxoday.credentials["refresh_token"]  # by the fixture
    again = await xoxoday.refresh(used)
    assert (again.status, again.json["error"]) == (401, "invalid_grant")
    assert (await xoxoday.refresh()).status == 200
    assert (await xoxoday.refresh("xr.0.first." + "0" * 32)).status == 401


async def test_a_restarted_simulator_knows_tokens_of_the_earlier_run(
    xoxoday: XoxodayClient, http: aiohttp.ClientSession
) -> None:
    stored, access = xoxoday.refresh_token, xoxoday.token
    restarted = Xoxoday()
    await restarted.start()
    try:
        client = XoxodayClient(http, restarted)
        client.token = access
        assert (await client.call("getBalance", {})).status == 200
        assert (await client.refresh(stored)).status == 200
        assert (await client.refresh(stored)).status == 401
        assert (await client.refresh(client.credentials["refresh_token"])).status == 200
    finally:
        await restarted.stop()


async def test_another_seed_does_not_know_them(
    xoxoday: XoxodayClient, http: aiohttp.ClientSession
) -> None:
    other = Xoxoday(8)
    await other.start()
    try:
        client = XoxodayClient(http, other)
        assert (await client.refresh(xoxoday.refresh_token)).status == 401
    finally:
        await other.stop()


async def test_access_tokens_end_and_refresh_tokens_too(xoxoday: XoxodayClient) -> None:
    await xoxoday.set(token_seconds=60)
    await xoxoday.refresh()
    assert (await xoxoday.call("getBalance", {})).status == 200
    await xoxoday.set(clock_offset_seconds=61)
    assert error_id(await xoxoday.call("getBalance", {})) == (401, "PIPE10013")
    await xoxoday.set(clock_offset_seconds=31 * 86400)
    assert (await xoxoday.refresh()).json["error"] == "invalid_grant"


async def test_a_reset_keeps_a_used_token_dead(xoxoday: XoxodayClient) -> None:
    await xoxoday.send("POST", "/_sim/reset")
    assert (await xoxoday.refresh(xoxoday.credentials["refresh_token"])).status == 401
    assert (await xoxoday.call("getBalance", {})).status == 200


@pytest.mark.parametrize("start", ["/v1/oauth/api", "/v1/oauth/api/", "/chef/v1/oauth/api"])
async def test_the_path_in_its_spellings(xoxoday: XoxodayClient, start: str) -> None:
    body = {"query": "plumProAPI.query.getBalance", "tag": "plumProAPI", "variables": {"data": {}}}
    headers = {"Authorization": f"Bearer {xoxoday.token}"}
    found = answered(await xoxoday.send("POST", start, body, headers), "getBalance")
    assert (found["value"], found["currency"]) == (50_000_000, "INR")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        {"query": "plumProAPI.mutation.getBalance", "tag": "plumProAPI", "variables": {}},
        {"query": "plumProAPI.mutation.getVouchers", "tag": "x", "variables": {"data": {}}},
        {"query": "plumProAPI.mutation.nothing", "tag": "plumProAPI", "variables": {"data": {}}},
    ],
)
async def test_other_frames_are_refused(xoxoday: XoxodayClient, body: Any) -> None:
    headers = {"Authorization": f"Bearer {xoxoday.token}"}
    assert (await xoxoday.send("POST", "/v1/oauth/api", body, headers)).status == 400


async def test_the_catalog_is_paged_until_it_is_not_found(xoxoday: XoxodayClient) -> None:
    on_sale = [p.sku for p in xoxoday.simulator.world.products.values() if p.available]
    seen: list[str] = []
    for page in (1, 2):
        reply = await xoxoday.call("getVouchers", {"limit": 50, "page": page})
        seen += [str(row["productId"]) for row in answered(reply, "getVouchers")]
    assert seen == on_sale
    beyond = await xoxoday.call("getVouchers", {"limit": 50, "page": 3})
    assert error_id(beyond) == (404, "PLE10030")


async def test_a_product_row(xoxoday: XoxodayClient) -> None:
    product = next(p for p in at_once(xoxoday, Kind.CODE_WITH_PIN) if p.currency == "INR")
    asked = {"limit": 1, "page": 1, "includeProducts": product.sku, "exchangeRate": 1}
    [row] = answered(await xoxoday.call("getVouchers", asked), "getVouchers")
    assert row["productId"] == int(product.sku)
    assert row["valueDenominations"] == ",".join(str(value) for value in product.values)
    assert (row["valueType"], row["minValue"]) == ("fixed_denomination", 0)
    assert Decimal(row["exchangeRate"]) == 1
    assert row["termsAndConditionsInstructions"] == product.terms
    assert (await xoxoday.requests())["product"] == 1


async def test_unavailable_products_are_not_listed(xoxoday: XoxodayClient) -> None:
    gone = next(p for p in xoxoday.simulator.world.products.values() if not p.available)
    reply = await xoxoday.call("getVouchers", {"limit": 1, "page": 1, "includeProducts": gone.sku})
    assert error_id(reply) == (404, "PLE10030")
    assert error_id(await xoxoday.place(REF, gone)) == (404, "PLE10042")


@pytest.mark.parametrize(
    ("filters", "fits"),
    [
        ([{"key": "currencyCode", "value": "usd"}], lambda row: row["currencyCode"] == "USD"),
        ([{"key": "country", "value": "Germany"}], lambda row: row["countryCode"] == "DE"),
        ([{"key": "deliveryType", "value": "delayed"}], lambda row: row["tatInDays"] == "7"),
        (
            [{"key": "voucher_category", "value": "travel"}],
            lambda row: "Stays" in row["categories"],
        ),
        (
            [{"key": "minPrice", "value": "4000"}, {"key": "currencyCode", "value": "INR"}],
            lambda row: row["currencyCode"] == "INR",
        ),
    ],
)
async def test_filters(xoxoday: XoxodayClient, filters: Any, fits: Any) -> None:
    asked = {"limit": 100, "page": 1, "filters": filters}
    rows = answered(await xoxoday.call("getVouchers", asked), "getVouchers")
    assert 0 < len(rows) < 70
    assert all(fits(row) for row in rows)


async def test_filter_groups(xoxoday: XoxodayClient) -> None:
    asked = {"filterGroupCode": "Country", "includeFilters": "", "excludeFilters": ""}
    [group] = answered(await xoxoday.call("getFilters", asked), "getFilters")
    assert {"filterValue": "India", "isoCode": "IN", "filterValueCode": "IN"} in group["filters"]
    wrong = await xoxoday.call("getFilters", {"filterGroupCode": "color"})
    assert error_id(wrong) == (404, "PLE10029")
