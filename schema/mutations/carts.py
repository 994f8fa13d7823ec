"""Filling carts."""

from dataclasses import dataclass
from decimal import Decimal

import strawberry

from domain.problems import Problem as ProblemRecord
from domain.problems import Refused
from domain.viewers import Scope
from resolvers import carts
from resolvers.context import Ask
from schema.cart import Cart
from schema.faces import answer, shows
from schema.permissions import needs
from schema.problem import Problem

WRITE = needs(Scope.CARTS_WRITE)


@strawberry.input(description="So many units of one face value of one product.")
class CartLineInput:
    product_id: strawberry.ID = strawberry.field(description="The product's global id.")
    face_value: Decimal = strawberry.field(description="One that the product is offered in.")
    quantity: int = strawberry.field(description="Units, 1 or more.")


@strawberry.input(description="A new cart.")
class CartCreateInput:
    lines: list[CartLineInput] | None = strawberry.field(
        default=None, description="What it holds from the start."
    )


@strawberry.input(description="More for a cart.")
class CartLinesAddInput:
    cart_id: strawberry.ID = strawberry.field(description="The cart's global id.")
    lines: list[CartLineInput] = strawberry.field(
        description="What is added; the same product and face value become one line."
    )


@strawberry.input(description="Another quantity for one line.")
class CartLineUpdate:
    id: strawberry.ID = strawberry.field(description="The line's global id.")
    quantity: int = strawberry.field(description="Units; 0 removes the line.")


@strawberry.input(description="Other quantities for lines of a cart.")
class CartLinesUpdateInput:
    cart_id: strawberry.ID = strawberry.field(description="The cart's global id.")
    lines: list[CartLineUpdate] = strawberry.field(description="What changes.")


@dataclass(frozen=True, slots=True)
class Created:
    cart: carts.Shown | None = None
    problems: tuple[ProblemRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Added:
    cart: carts.Shown | None = None
    problems: tuple[ProblemRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Updated:
    cart: carts.Shown | None = None
    problems: tuple[ProblemRecord, ...] = ()


@shows(Created)
class CartCreatePayload:
    """The new cart, or why there is none."""

    cart: Cart | None = answer(description="The cart.")
    problems: list[Problem] = answer(description="Empty when it worked.")


@shows(Added)
class CartLinesAddPayload:
    """The cart with more in it, or why it stays as it was."""

    cart: Cart | None = answer(description="The cart.")
    problems: list[Problem] = answer(description="Empty when it worked.")


@shows(Updated)
class CartLinesUpdatePayload:
    """The cart with other quantities, or why it stays as it was."""

    cart: Cart | None = answer(description="The cart.")
    problems: list[Problem] = answer(description="Empty when it worked.")


async def _create(info: Ask, input: CartCreateInput) -> object:
    lines = [carts.wanted(x.product_id, x.face_value, x.quantity) for x in input.lines or ()]
    try:
        return Created(await carts.create(info.context, lines))
    except Refused as refused:
        return Created(problems=refused.problems)


async def _add(info: Ask, input: CartLinesAddInput) -> object:
    lines = [carts.wanted(x.product_id, x.face_value, x.quantity) for x in input.lines]
    try:
        return Added(await carts.add_lines(info.context, input.cart_id, lines))
    except Refused as refused:
        return Added(problems=refused.problems)


async def _update(info: Ask, input: CartLinesUpdateInput) -> object:
    lines = [carts.update(line.id, line.quantity) for line in input.lines]
    try:
        return Updated(await carts.update_lines(info.context, input.cart_id, lines))
    except Refused as refused:
        return Updated(problems=refused.problems)


@strawberry.type
class CartMutations:
    cart_create: CartCreatePayload | None = answer(_create, "Make a cart.", scopes=WRITE)
    cart_lines_add: CartLinesAddPayload | None = answer(_add, "Put more into a cart.", scopes=WRITE)
    cart_lines_update: CartLinesUpdatePayload | None = answer(
        _update, "Change quantities; 0 removes a line.", scopes=WRITE
    )
