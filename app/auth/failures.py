"""Failed logins, limited for each address; the answer is the same whatever was wrong."""

from http import HTTPStatus

from app.errors import Refusal
from app.limits import Limiter, Rule, neighborhood
from app.limits.local import tightest
from app.limits.refusals import decided, too_many

# A secret cannot be guessed; the limit keeps strangers from making the database work.
FAILED_LOGINS = (Rule(30, 60),)
NOT_ACCEPTED = "The credentials were not accepted. Send a valid X-API-Key with its X-API-Secret"
TOO_MANY = "Too many failed logins from this address."


class Failures:
    """Counts them, for all processes where these share their limits, and knows who has to wait."""

    def __init__(self, limiter: Limiter, *, bearer: bool = False) -> None:
        self._limiter = limiter
        self._text = f"{NOT_ACCEPTED}{', or a valid bearer token' if bearer else ''}."
        self._schemes = "Bearer, ApiKey" if bearer else "ApiKey"

    async def count(self, address: str) -> Refusal:
        """Count a failed login; what to answer."""
        standing = await decided(self._limiter.take(_name(address), FAILED_LOGINS))
        if not standing.allowed:
            return too_many(standing, TOO_MANY)
        return Refusal(
            HTTPStatus.UNAUTHORIZED,
            "UNAUTHENTICATED",
            self._text,
            {"WWW-Authenticate": self._schemes},
        )

    async def check(self, address: str) -> None:
        """Refuse an address that has failed too often, before anything is looked up."""
        standing = tightest(await decided(self._limiter.standings(_name(address), FAILED_LOGINS)))
        if not standing.allowed:
            raise too_many(standing, TOO_MANY)


def _name(address: str) -> str:
    return f"login {neighborhood(address)}"
