"""Enums of the graph: those of the domain, with what each value means."""

from enum import Enum

import strawberry

from domain import audit, carts, catalog, ledger, orders, problems, providers, vouchers, webhooks
from schema.meanings import MEANINGS

TOLERATE = "Tolerate values you do not know: more may come."

ENUMS: tuple[tuple[type[Enum], str, str], ...] = (
    (catalog.VoucherType, "VoucherType", "What a voucher consists of."),
    (catalog.DeliverySpeed, "DeliverySpeed", "How long delivery usually takes."),
    (catalog.ProductSort, "ProductSort", "The order of a list of products."),
    (carts.CartWarningCode, "CartWarningCode", "What changed in a cart."),
    (ledger.EntryKind, "WalletEntryKind", "What happened to money."),
    (catalog.SourceOutcome, "SourceOutcome", "How a provider took part in an answer."),
    (orders.OrderStatus, "OrderStatus", "Where an order stands."),
    (orders.CountInterval, "CountInterval", "What orders are counted by."),
    (orders.FulfillmentStatus, "FulfillmentStatus", "Where one provider's part stands."),
    (orders.AttemptOutcome, "AttemptOutcome", "What came of one try at a provider."),
    (orders.Resolution, "FulfillmentResolution", "What a person decides about a fulfillment."),
    (orders.OrderOrigin, "OrderOrigin", "Where an order came from."),
    (orders.OrderEventType, "OrderEventType", "What happened to an order."),
    (vouchers.VoucherState, "VoucherState", "Whether a voucher can be opened."),
    (providers.Capability, "ProviderCapability", "What a provider can do."),
    (providers.ProviderState, "ProviderState", "How a provider is doing."),
    (providers.CircuitState, "CircuitState", "Whether requests to a provider are let through."),
    (problems.ProblemCode, "ProblemCode", "What was wrong, for programs."),
    (problems.RetryAdvice, "RetryAdvice", "What to do next."),
    (problems.Outcome, "Outcome", "Did anything happen at a provider?"),
    (webhooks.DeliveryState, "WebhookDeliveryState", "How far a webhook delivery got."),
    (audit.AuditAction, "AuditAction", "What was done."),
)

for _enum, _name, _description in ENUMS:
    strawberry.enum(_enum, name=_name, description=f"{_description} {TOLERATE}")
    for _value in _enum.__strawberry_definition__.values:  # type: ignore[attr-defined]
        _value.description = MEANINGS[_name][_value.name]
