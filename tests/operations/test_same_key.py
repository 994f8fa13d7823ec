"""Two requests of one key whose paths cross at the worst moment."""

from typing import Any

import pytest

from tests.operations.buying import Buyer, ledger
from tests.operations.service import Service


async def test_accepted_between_looking_for_the_key_and_at_the_cart(
    monkeypatch: pytest.MonkeyPatch, service: Service, buyer: Buyer
) -> None:
    """The second one looked for the key before the first was accepted, and at the cart after."""
    cart = await buyer.cart([("enkash", 2)])
    carts = service.program.services.checkout._carts
    read = carts.read
    first: list[Any] = []

    async def overtaken(*given: Any, **named: Any) -> Any:
        monkeypatch.setattr(carts, "read", read)
        first.append(await buyer.place(cart, "the-same-key"))
        return await read(*given, **named)

    monkeypatch.setattr(carts, "read", overtaken)
    second = await buyer.place(cart, "the-same-key")
    assert first[0]["problems"] == second["problems"] == []
    assert second["order"]["id"] == first[0]["order"]["id"]
    assert (first[0]["replayed"], second["replayed"]) == (False, True)
    assert len(ledger(service, "enkash")) == 1
