"""Woohoo: both profiles, signatures, one SKU per order, cards, reversal, sandbox SKUs."""

import pytest

from tests.simulators.clients import (
    ResellerClient,
    WoohooClient,
    refused_as,
    unwrapped,
    woohoo_order,
)

REF = "VGWH_WOOHOO1234"


# Getting in


async def test_a_wrong_signature_is_plain_text(woohoo: WoohooClient) -> None:
    reply = await woohoo.call("GET", "/catalog/categories", headers={"signature": "0" * 128})
    assert (reply.status, reply.raw) == (401, b"oauth_problem=signature_invalid")


@pytest.mark.parametrize(
    ("headers", "status", "says"),
    [
        ({"Authorization": "Bearer x.y.z"}, 401, b"oauth_problem=token_rejected"),
        ({"Authorization": ""}, 401, b"oauth_problem=token_rejected"),
        ({"dateAtClient": ""}, 400, b'"code":400'),
        ({"signature": ""}, 401, b"oauth_problem=signature_invalid"),
    ],
)
async def test_every_header_counts(
    woohoo: WoohooClient, headers: dict[str, str], status: int, says: bytes
) -> None:
    reply = await woohoo.call("GET", "/catalog/categories", headers=headers)
    assert reply.status == status
    assert says in reply.raw


async def test_the_signature_covers_the_sorted_query(woohoo: WoohooClient) -> None:
    order = woohoo.simulator.seeded_orders[0].order_id
    path = f"/order/{order}/cards/?offset=0&limit=10"
    assert (await woohoo.call("GET", path)).status == 200
    other = woohoo.signature("GET", f"/rest/v3/order/{order}/cards/?offset=0&limit=11")
    assert (await woohoo.call("GET", path, headers={"signature": other})).status == 401


@pytest.mark.parametrize(
    "raw",
    [
        b'{"refno":"X","products":[]}',  # names not sorted
        b'{"products": [],"refno":"X"}',  # not compact
        b'{"products":[],"refno":"a\\/b"}',  # a slash escaped
        b'{"products":[],"refno":"X","surprise":1}',  # a field nobody expects
    ],
)
async def test_bodies_that_break_the_recipe_are_bad_signatures(
    woohoo: WoohooClient, raw: bytes
) -> None:
    path = "/rest/v3/orders"
    headers = {
        "Authorization": f"Bearer {woohoo.token}",
        "dateAtClient": "2026-01-05T06:30:00Z",
        "signature": woohoo.signature("POST", path, raw),
    }
    reply = await woohoo.send("POST", path, raw, headers)
    assert (reply.status, reply.raw) == (401, b"oauth_problem=signature_invalid")


async def test_the_bytes_received_are_what_was_signed(woohoo: WoohooClient) -> None:
    path, product = "/rest/v3/orders", woohoo.product()
    order = woohoo_order(REF, product, 1)
    signed = woohoo.signature("POST", path, b"{}")
    reply = await woohoo.call("POST", "/orders", order, {"signature": signed})
    assert reply.raw == b"oauth_problem=signature_invalid"
    assert (await woohoo.place(REF, product)).status == 201


async def test_an_unknown_path_looks_like_a_bad_signature(woohoo: WoohooClient) -> None:
    reply = await woohoo.call("GET", "/order/KLM1")
    assert (reply.status, reply.raw) == (401, b"oauth_problem=signature_invalid")


async def test_answers_are_signed_too(woohoo: WoohooClient) -> None:
    reply = await woohoo.call("GET", "/catalog/categories")
    wanted = woohoo.signature("GET", "/rest/v3/catalog/categories", reply.raw)
    assert reply.headers["signature"] == wanted


async def test_tokens_end_and_codes_work_once(woohoo: WoohooClient) -> None:
    await woohoo.set(token_seconds=60)
    await woohoo.log_in()
    assert (await woohoo.call("GET", "/orders")).status == 200
    await woohoo.set(clock_offset_seconds=61)
    assert (await woohoo.call("GET", "/orders")).raw == b"oauth_problem=token_rejected"
    known = woohoo.credentials
    wrong = {"clientId": known["client_id"], "username": known["username"], "password": "x"}
    assert (await woohoo.send("POST", "/oauth2/verify", wrong)).status == 401
    again = {
        "clientId": known["client_id"],
        "clientSecret": known["client_secret"],
        "authorizationCode": "0",
    }
    assert (await woohoo.send("POST", "/oauth2/token", again)).status == 401


async def test_the_reseller_wants_basic(reseller: ResellerClient) -> None:
    assert (await reseller.call("GET", "/categories")).json["status"] == "SUCCESS"
    refused = await reseller.send("GET", "/giftcard/categories")
    assert refused.status == 401
    assert refused.json == {
        "code": "0x0401",
        "status": "FAILURE",
        "message": "Request failed",
        "data": None,
    }


# Catalog


async def test_every_product_is_reached_through_the_categories(woohoo: WoohooClient) -> None:
    roots = (await woohoo.call("GET", "/catalog/categories")).json
    assert set(roots[0]) >= {"id", "name", "url", "description", "images", "subcategoriesCount"}
    seen: set[str] = set()
    for root in roots:
        path = f"/catalog/categories/{root['id']}/products?offset=0&limit=500"
        page = (await woohoo.call("GET", path)).json
        assert page["productsCount"] == len(page["products"])
        seen |= {row["sku"] for row in page["products"]}
        assert "denominations" not in page["products"][0]
    assert seen == set(woohoo.simulator.world.products)


async def test_products_are_paged_and_repeated_below(woohoo: WoohooClient) -> None:
    root = (await woohoo.call("GET", "/catalog/categories")).json[0]
    pages = [
        (await woohoo.call("GET", f"/catalog/categories/{root['id']}/products?offset={n}&limit=3"))
        for n in (0, 3)
    ]
    first, second = ([row["sku"] for row in page.json["products"]] for page in pages)
    assert len(first) == 3
    assert not set(first) & set(second)
    child = root["subcategories"][0]["id"]
    below = (await woohoo.call("GET", f"/catalog/categories/{child}/products")).json
    assert set(first) & {row["sku"] for row in below["products"]}
    assert refused_as(await woohoo.call("GET", "/catalog/categories/1")) == (400, 6652)


async def test_price_rules(woohoo: WoohooClient, reseller: ResellerClient) -> None:
    goods = woohoo.simulator.world.products.values()
    for product in (next(p for p in goods if p.values), next(p for p in goods if not p.values)):
        shown = (await woohoo.call("GET", f"/catalog/products/{product.sku}")).json
        price = shown["price"]
        assert price["type"] == ("SLAB" if product.values else "RANGE")
        assert price["denominations"] == [str(value) for value in product.values]
        assert (price["min"], price["max"]) == (str(product.minimum), str(product.maximum))
        assert shown["tnc"]["content"] == product.terms
        assert unwrapped(await reseller.call("GET", f"/products/{product.sku}")) == shown
    assert refused_as(await woohoo.call("GET", "/catalog/products/NOPE")) == (400, 1303)
