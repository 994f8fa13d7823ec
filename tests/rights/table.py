"""Every field of the schema and the scope it needs, in the words of the contract.

A field that stands in neither place of its type makes a test fail: whoever adds one decides here,
once more and by hand, who may see it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

ORDERS = "orders:read | orders:place | orders:import | operations:read"

# Name of a type, what it needs by itself ("-": nothing of its own), its fields; below a type those
# of its fields that need more, or after "+" further plain ones.
TYPES = f"""
Query                     -: node nodes viewer providers product products cart order orders
                          + orderEvents voucher webhookEndpoints
  wallet                  wallet:read
  auditEvents             audit:read
  auditChain              audit:read
  fulfillments            operations:read
  orderCounts             operations:read
Mutation                  -:
  cartCreate              carts:write
  cartLinesAdd            carts:write
  cartLinesUpdate         carts:write
  orderPlace              orders:place
  orderCancel             orders:place
  vouchersResend          orders:place
  orderImport             orders:import
  walletTopUp             operations:write
  providerPause           operations:write
  providerResume          operations:write
  fulfillmentResolve      operations:write
  webhookReplay           {ORDERS}
Subscription              -: orderEvents

Product                   catalog:read | carts:write: id provider sku name brand description
                          + categories imageUrl country currency denominations voucherType
                          + deliverySpeed validity terms howToRedeem available asOf
Cart                      carts:write: id lines totalQuantity totals warnings updatedAt order
Order                     {ORDERS}: id reference origin status settled live asOf placedAt
                          + updatedAt lastSequence lines totals fulfillments vouchers events
OrderEvent                {ORDERS}: id sequence at order type status
Fulfillment               {ORDERS}: id order line provider reference providerOrderId status
                          + providerStatus live asOf delivered total problem
  charged                 operations:read
  attempts                operations:read
Voucher                   {ORDERS}: id order line product type state faceValue expiresAt expiresOn
                          + neverExpires expiresInDays maskedCode
  code                    vouchers:reveal
  pin                     vouchers:reveal
  claimUrl                vouchers:reveal
  referenceNumber         vouchers:reveal
  reveals                 audit:read
WebhookEndpoint           {ORDERS}: id url events enabled disabledReason failingSince lastSequence
                          + createdAt deliveries
WebhookDelivery           {ORDERS}: id messageId event state attempts responseStatus durationMs
                          + problem lastAttemptAt nextAttemptAt
Wallet                    wallet:read: balances entries
WalletEntry               wallet:read: id at kind amount order balanceAfter heldAfter
AuditEvent                audit:read: id sequence at actor action subject fields purpose requestId
                          + mac

Provider                  -: id name displayName capabilities
  health                  operations:read
  balances                operations:read
Viewer                    -: account accountName actor scopes limits
Limit                     -: name maximum remaining resetsAt
Problem                   -: code message path retry outcome retryAfterMs
  providerCode            operations:read

AuditChain                -: length head checked intact firstBroken checkpointAt
OrderCount                -: start status count
CartLine                  -: id product faceValue quantity unitPrice fee total savings quotedAt live
CartTotal                 -: price fee faceValue savings
CartWarning               -: code message lineId
OrderLine                 -: id product productName faceValue quantity unitPrice fee total
                          + delivered failed fulfillments
OrderTotal                -: price fee faceValue discount held captured released refunded
FulfillmentAttempt        -: number startedAt finishedAt outcome providerCode
ProviderHealth            -: state circuit paused requests errorRate latencyP50Ms latencyP95Ms
                          + unknownOutcomes needsReview quotaRemaining lastSuccessAt
                          + lastReconciledAt
WalletBalance             -: available held
FixedDenominations        -: values
Denomination              -: faceValue price maxQuantity
DenominationRange         -: min max step discountPercent maxQuantity
SourceReport              -: provider outcome asOf problem
Money                     -: amount currency
PageInfo                  -: hasNextPage hasPreviousPage startCursor endCursor

ProductConnection         -: edges nodes pageInfo totalCount sources
OrderConnection           -: edges nodes pageInfo totalCount
FulfillmentConnection     -: edges nodes pageInfo totalCount
VoucherConnection         -: edges nodes pageInfo totalCount
OrderEventConnection      -: edges nodes pageInfo
WalletEntryConnection     -: edges nodes pageInfo
AuditEventConnection      -: edges nodes pageInfo
WebhookDeliveryConnection -: edges nodes pageInfo
ProductEdge               -: cursor node
OrderEdge                 -: cursor node
FulfillmentEdge           -: cursor node
VoucherEdge               -: cursor node
OrderEventEdge            -: cursor node
WalletEntryEdge           -: cursor node
AuditEventEdge            -: cursor node
WebhookDeliveryEdge       -: cursor node

CartCreatePayload         -: cart problems
CartLinesAddPayload       -: cart problems
CartLinesUpdatePayload    -: cart problems
OrderPlacePayload         -: order replayed problems
OrderCancelPayload        -: order pending problems
VouchersResendPayload     -: order problems
OrderImportPayload        -: order problems
WalletTopUpPayload        -: wallet replayed problems
ProviderPausePayload      -: provider problems
ProviderResumePayload     -: provider problems
FulfillmentResolvePayload -: fulfillment problems
WebhookReplayPayload      -: endpoint problems
"""
# Fields of the roots that any authenticated client may ask; what they lead to has its own rights.
ANY_CLIENT = {"Query.node", "Query.nodes", "Query.viewer", "Query.providers", "Query._entities"}

Ways = frozenset[frozenset[str]]


@dataclass(frozen=True)
class Rights:
    """What a type needs, and each of its fields beyond that; None: nothing."""

    own: Ways | None
    fields: Mapping[str, Ways | None]


def _ways(text: str) -> Ways | None:
    text = text.strip()
    return None if text == "-" else frozenset(frozenset((one.strip(),)) for one in text.split("|"))


def _read() -> Iterator[tuple[str, Rights]]:
    name, own, fields = "", None, dict[str, Ways | None]()
    for line in TYPES.splitlines():
        first, _, rest = line.strip().partition(" ")
        if not first:
            continue
        if first == "+":
            fields |= dict.fromkeys(rest.split())
            continue
        if line.startswith(" "):
            fields[first] = _ways(rest)
            continue
        if name:
            yield name, Rights(own, fields)
        needed, _, plain = rest.rpartition(": " if ": " in rest else ":")
        name, own, fields = first, _ways(needed), dict.fromkeys(plain.split())
    yield name, Rights(own, fields)


RIGHTS: Mapping[str, Rights] = dict(_read())
