"""What any provider's faults must become, and what nobody may ever see of them."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable

import pytest
import structlog

from providers import REGISTRY, build
from providers.errors import NotFound, ProviderError, Reason, Unavailable
from providers.tokens import MemoryTokenStore
from simulators import Simulator
from tests.contract.conftest import House, configured, key

FAULTS = {
    "refused": Reason.UNREACHABLE,
    "timeout_before": Reason.TIMEOUT,
    "timeout_after": Reason.TIMEOUT,
    "reset_after": Reason.UNREACHABLE,
    "error_before": Reason.FAULT,
    "error_after": Reason.FAULT,
    "garbage": Reason.UNREADABLE,
    "rate_limited": Reason.RATE_LIMITED,
    "unauthorized": Reason.CREDENTIALS,
}


async def first(house: House) -> object:
    return await anext(aiter(house.provider.catalog()))


READS: dict[str, Callable[[House], Awaitable[object]]] = {
    "order": lambda house: house.provider.order(house.delivered().order_id),
    "vouchers": lambda house: house.provider.vouchers(key(house.delivered())),
    "status": lambda house: house.provider.statuses([key(house.delivered())]),
    "statuses": lambda house: house.provider.statuses([key(old) for old in house.orders[-2:]]),
    "product": lambda house: house.provider.product(house.delivered().product.sku),
    "catalog": first,
}


@pytest.fixture(autouse=True)
def one_fault_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """The circuit would hide what a fault becomes."""
    monkeypatch.setattr("providers.health.FAULTS_TO_OPEN", 1_000)


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_of_a_read_says_why_and_passes(hasty: House, fault: str) -> None:
    hasty.strike(fault)
    for told in await asyncio.gather(
        READS["order"](hasty), READS["statuses"](hasty), return_exceptions=True
    ):
        assert isinstance(told, Unavailable), told
        assert (told.reason, told.provider) == (FAULTS[fault], hasty.provider.name)
        assert (told.retry_after is not None) is (fault == "rate_limited")
    if fault != "rate_limited":  # then we keep away for as long as it wished
        hasty.simulator.faults.replace({})
        await READS["order"](hasty)


@pytest.mark.parametrize("read", READS)
async def test_no_read_ever_ends_in_anything_else(house: House, read: str) -> None:
    for fault in ("garbage", "error_after", "reset_after"):
        house.strike(fault)
        with pytest.raises(Unavailable) as caught:
            await READS[read](house)
        assert caught.value.reason is FAULTS[fault]


@pytest.mark.parametrize("fault", ["refused", "error_before", "rate_limited"])
async def test_a_login_that_fails_can_be_tried_again(house: House, fault: str) -> None:
    house.simulator.faults.replace({"faults": [{"operation": "token", "fault": fault}]})
    order = house.delivered()
    told = await asyncio.gather(house.provider.order(order.order_id), return_exceptions=True)
    if house.simulator.requests["token"]:
        assert getattr(told[0], "reason", told[0]) is FAULTS[fault]
    else:
        assert not isinstance(told[0], BaseException)
    house.simulator.faults.replace({})
    await house.provider.order(order.order_id)


async def test_a_token_that_ends_early_is_renewed_behind_the_scenes(house: House) -> None:
    order = house.delivered()
    await house.provider.order(order.order_id)
    house.simulator.faults.replace(
        {"faults": [{"operation": "order", "fault": "unauthorized", "times": 1}]}
    )
    logins = house.simulator.requests["token"]
    if logins:
        await house.provider.order(order.order_id)
        assert house.simulator.requests["token"] > logins
    else:
        with pytest.raises(Unavailable):
            await house.provider.order(order.order_id)


async def test_a_wrong_credential_is_told_and_not_hammered(name: str, simulator: Simulator) -> None:
    adapter = REGISTRY[name]
    right = configured(adapter, simulator, 5)
    wrong = {
        field.name: type(right.values[field.name])("wrong-secret")
        for field in adapter.fields
        if field.secret and field.login and field.name in right.values
    }
    assert wrong
    broken = type(right)(
        base_url=right.base_url,
        values={**right.values, **wrong},
        timeout=right.timeout,
        rate_per_minute=right.rate_per_minute,
        settling=right.settling,
    )
    assert adapter.login_digest(broken) != adapter.login_digest(right)
    provider = build(name, broken, MemoryTokenStore())
    house = House(provider, simulator)
    try:
        for _ in range(5):
            with pytest.raises(Unavailable) as caught:
                await provider.order(house.delivered().order_id)
            assert caught.value.reason is Reason.CREDENTIALS
    finally:
        await provider.close()
    assert simulator.requests["token"] <= 1


async def test_no_secret_reaches_logs_errors_or_reprs(
    hasty: House, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[str] = []
    with structlog.testing.capture_logs() as logs:
        for order in hasty.orders:
            seen.append(repr(await hasty.provider.order(order.order_id)))
            seen.append(repr(await hasty.provider.vouchers(key(order))))
        for fault in ("unknown_status", "garbage", "reset_after", "error_after", "unauthorized"):
            hasty.strike(fault)
            for read in READS.values():
                try:
                    seen.append(repr(await read(hasty)))
                except ProviderError as error:
                    seen += traceback.format_exception(error)
                    seen.append(f"{error.code!r} {vars(error)!r}")
        hasty.simulator.faults.replace({})
        with pytest.raises(NotFound) as missing:
            await hasty.provider.order("987654321098")
        seen += traceback.format_exception(missing.value)
    everything = f"{seen}{logs}{caplog.text}"
    secret: set[str | None] = set()
    for order in hasty.orders:
        for unit in order.vouchers:
            secret |= {unit.code, unit.claim_url, unit.serial}
            secret |= {unit.pin} if len(unit.pin or "") > 5 else set()
    fields = {field.name for field in type(hasty.provider).fields if field.secret}
    secret |= {value for name, value in hasty.simulator.credentials.items() if name in fields}
    assert [text for text in secret if text and text in everything] == []
