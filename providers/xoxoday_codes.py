"""Plum's error ids, by what they mean for us. Its HTTP statuses differ by edition; ids do not."""

from collections.abc import Mapping

from providers.errors import Reason, Rejection
from providers.xoxoday_answers import OAUTH


def ple(*numbers: int) -> frozenset[str]:
    """Error ids by the number that tells them apart."""
    return frozenset(f"PLE{10_000 + number}" for number in numbers)


LIMIT = "auth.request_limit_exceeded"
LOGIN = frozenset({"PIPE10013", "PIPE10015", "PIPE10016", "PIPE10017", OAUTH})

REJECTIONS: Mapping[str, Rejection] = {
    **dict.fromkeys(ple(1, 2, 3, 31, 32, 33), Rejection.INVALID_INPUT),
    # Missing verification, an unknown or inactive product, foreign products not allowed.
    **dict.fromkeys(ple(15, 17, 19, 30, 42), Rejection.PRODUCT_UNAVAILABLE),
    **dict.fromkeys(ple(12, 24), Rejection.OUT_OF_STOCK),
    "PLE10010": Rejection.PROVIDER_BALANCE_LOW,
    "PLE10014": Rejection.PROVIDER_REJECTED,
    "PLE10018": Rejection.DENOMINATION_NOT_OFFERED,
    "PLE10041": Rejection.QUANTITY_TOO_LARGE,
}
DUPLICATES = ple(4)
NOT_ACCEPTED = LOGIN | {LIMIT}
UNCERTAIN = ple(5, 6, 7, 8, 9, 11, 13, 20, 23, 25, 26, 34, 35, 36)

NOT_FOUND = ple(16, 17, 21, 22, 27, 28, 29, 30, 42)
NO_ORDER = ple(16, 21)  # only these count when an order is looked for
NO_HISTORY = ple(22, 27)  # an empty list is told as an error
DELIVERY_CANCELLED = ple(36)
NOT_SENT_AGAIN = ple(34)  # a resend that failed may be asked for once more

REASONS: Mapping[str, Reason] = {
    **dict.fromkeys(LOGIN, Reason.CREDENTIALS),
    **dict.fromkeys(ple(15, 19), Reason.FAULT),  # 401 and 403, but not about our login
    LIMIT: Reason.RATE_LIMITED,
}
