"""Xoxoday's token pairs: every refresh makes a new one and ends the refresh token it used.

Tokens carry their own proof, made with the seed, so that a simulator started anew knows those of
an earlier run, and a gateway that kept its refresh token can go on. A used one is dead for the rest
of the run only.
"""

import hmac
import secrets

from simulators.world import Mint

ACCESS_SECONDS = 1_296_000
REFRESH_SECONDS = 2_592_000
FIRST = "first"  # made by hand in the dashboard; never ends here


class Tokens:
    """Issues pairs and knows good ones."""

    def __init__(self, mint: Mint) -> None:
        self._mint = mint
        self._used: set[str] = set()

    @property
    def first_refresh(self) -> str:
        return self._made("xr", 0, FIRST)

    def refresh(self, token: str, now: float, life: float | None) -> dict[str, object] | None:
        """The answer to a refresh, or None when the token is no good."""
        if token in self._used or not self._holds("xr", token, now):
            return None
        self._used.add(token)
        seconds = int(ACCESS_SECONDS if life is None else life)
        access_end, refresh_end = int(now + seconds), int(now + REFRESH_SECONDS)
        # A token of less than a second's life must be over when it is used.
        access_end = access_end if seconds else int(now) - 1
        return {
            "access_token": self._made("xa", access_end, secrets.token_hex(8)),
            "token_type": "bearer",
            "expires_in": seconds,
            "refresh_token": self._made("xr", refresh_end, secrets.token_hex(8)),
            "access_token_expiry": str(access_end * 1000),
            "refresh_token_expiry": str(refresh_end * 1000),
        }

    def seconds_left(self, token: str, now: float) -> int:
        """The life an access token still has, 0 when it is no good."""
        if not self._holds("xa", token, now):
            return 0
        return max(1, int(int(token.split(".")[1]) - now))

    def _made(self, kind: str, end: int, nonce: str) -> str:
        proof = self._mint.digest(f"token:{kind}.{end}.{nonce}").hex()[:32]
        return f"{kind}.{end}.{nonce}.{proof}"

    def _holds(self, kind: str, token: str, now: float) -> bool:
        parts = token.split(".")
        if len(parts) != 4 or parts[0] != kind or not parts[1].isdigit() or not token.isascii():
            return False
        end, nonce = int(parts[1]), parts[2]
        genuine = hmac.compare_digest(token, self._made(kind, end, nonce))
        return genuine and (end > now or nonce == FIRST)
