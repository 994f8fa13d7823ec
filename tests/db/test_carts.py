"""Carts as recorded: lines in their order, prices as last shown, ordered once."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import asyncpg
import pytest

from db import carts, orders, products
from db.carts import CartRow
from db.orders import Conflict
from db.pool import Database
from domain.carts import Cart, CartLine
from domain.catalog import (
    DeliverySpeed,
    Denomination,
    FixedDenominations,
    Listing,
    Product,
    VoucherType,
)
from domain.ids import uuid7
from domain.money import Money, zero
from tests.db import samples
from tests.db.samples import HUNDRED, NOON

LISTING = Listing(
    "sku-1", "A card", "A brand", "INR",
    FixedDenominations((Denomination(HUNDRED, Money(Decimal("97.5"), "INR"), 10),)),
    VoucherType.CODE, DeliverySpeed.FAST,
)  # fmt: skip


@pytest.fixture
async def account(database: Database) -> UUID:
    return await samples.account(database, "demo")


@pytest.fixture
async def product(database: Database) -> Product:
    async with database.worker() as conn:
        await products.record(conn, "acme", [(uuid7(), LISTING)], NOON)
        return (await products.by_keys(conn, [("acme", "sku-1")]))["acme", "sku-1"]


def line(product: Product, quantity: int = 1) -> CartLine:
    total = Money(Decimal("97.5") * quantity, "INR")
    return CartLine(uuid7(), product, HUNDRED, quantity, zero("INR"), total, NOON)


def cart(account: UUID, *lines: CartLine) -> Cart:
    return Cart(uuid7(), account, lines, NOON)


async def stored(database: Database, *wanted: Cart) -> None:
    for one in wanted:
        async with database.viewer(one.account) as conn:
            await carts.add(conn, one)


async def read(database: Database, of: Cart) -> CartRow:
    async with database.viewer(of.account) as conn:
        return (await carts.by_ids(conn, [of.id]))[of.id]


async def test_a_cart_is_read_back_with_its_lines_in_order(
    database: Database, account: UUID, product: Product
) -> None:
    full, empty = cart(account, line(product, 3), line(product, 1)), cart(account)
    await stored(database, full, empty)
    found = await read(database, full)
    assert (found.account, found.order_id, found.updated_at) == (account, None, NOON)
    assert [(row.id, row.quantity, row.total) for row in found.lines] == [
        (one.id, one.quantity, one.total) for one in full.lines
    ]
    first = found.lines[0]
    assert (first.product_id, first.provider, first.sku) == (product.id, "acme", "sku-1")
    assert (first.face_value, first.fee, first.quoted_at) == (HUNDRED, zero("INR"), NOON)
    assert (await read(database, empty)).lines == ()
    async with database.viewer(account) as conn:
        assert await carts.by_ids(conn, [uuid7()]) == {}


async def test_lines_are_replaced_and_the_change_has_a_later_time(
    database: Database, account: UUID, product: Product
) -> None:
    one = cart(account, line(product), line(product))
    await stored(database, one)
    lines = [replace(one.lines[1], quantity=5), line(product, 2)]
    async with database.viewer(account) as conn:
        assert await carts.lock(conn, one.id)
        first = await carts.put_lines(conn, one.id, lines)
        second = await carts.put_lines(conn, one.id, lines)
        assert await carts.put_lines(conn, uuid7(), lines) is None
    assert first
    assert second
    assert NOON < first < second
    found = await read(database, one)
    assert found.updated_at == second
    assert [(row.id, row.quantity) for row in found.lines] == [(o.id, o.quantity) for o in lines]


async def test_a_price_shown_again_is_no_change_of_the_cart(
    database: Database, account: UUID, product: Product
) -> None:
    one = cart(account, line(product), line(product))
    await stored(database, one)
    later = NOON + timedelta(minutes=1)
    dollars = Money(Decimal("1.25"), "USD"), Money(Decimal("9.99"), "USD")
    async with database.viewer(account) as conn:
        await carts.set_quotes(conn, {one.lines[1].id: (*dollars, later)})
    found = await read(database, one)
    assert found.updated_at == NOON
    assert [row.total.currency for row in found.lines] == ["INR", "USD"]
    quoted = found.lines[1]
    assert (quoted.fee, quoted.total, quoted.quoted_at) == (*dollars, later)
    with pytest.raises(ValueError):
        async with database.viewer(account) as conn:
            await carts.set_quotes(conn, {quoted.id: (zero("INR"), zero("USD"), later)})


async def test_a_cart_is_ordered_once(database: Database, account: UUID, product: Product) -> None:
    one = cart(account, line(product))
    await stored(database, one)

    async def order(n: int) -> str:
        sample = samples.whole(account, n)
        try:
            async with database.worker() as conn:
                locked = await carts.lock(conn, one.id)
                assert locked is not None
                if locked.order_id is not None:
                    return "ordered already"
                await asyncio.sleep(0.01)
                await orders.add(conn, sample.order, [sample.line], [], cart_id=one.id)
                assert await carts.set_ordered(conn, one.id, sample.order.id)
        except Conflict as conflict:
            return conflict.constraint
        return "ordered"

    said = await asyncio.gather(*(order(n) for n in range(4)))
    assert sorted(said) == ["ordered", *["ordered already"] * 3]
    assert (await read(database, one)).order_id is not None
    # Without the lock there is still the constraint.
    sample = samples.whole(account, 9)
    with pytest.raises(Conflict) as caught:
        async with database.worker() as conn:
            await orders.add(conn, sample.order, [sample.line], [], cart_id=one.id)
    assert caught.value.constraint == orders.CART_TAKEN
    async with database.worker() as conn:
        assert not await carts.set_ordered(conn, one.id, uuid7())


async def test_a_foreign_cart_is_not_there(
    database: Database, account: UUID, product: Product
) -> None:
    theirs = cart(await samples.account(database, "other"), line(product))
    await stored(database, theirs)
    async with database.viewer(account) as conn:
        assert await carts.by_ids(conn, [theirs.id]) == {}
        assert await carts.lock(conn, theirs.id) is None
        assert await carts.put_lines(conn, theirs.id, []) is None
        await carts.set_quotes(conn, {theirs.lines[0].id: (HUNDRED, HUNDRED, NOON)})
    assert (await read(database, theirs)).lines[0].total == theirs.lines[0].total
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.viewer(account) as conn:
            await carts.add(conn, replace(theirs, id=uuid7()))
