"""EnKash's login: a password grant with Basic client credentials; three failures lock it."""

import base64
import hmac
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

WRONG_LOGINS = 3


class LoginRefused(Exception):
    """The OAuth error to answer with."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.error = error
        self.description = description


class Login:
    """Issues tokens and knows which are good."""

    def __init__(self, credentials: Mapping[str, str]) -> None:
        self._known = credentials
        self._access: dict[str, float] = {}
        self._refresh: set[str] = set()
        self._wrong = 0

    def good(self, authorization: str, now: float) -> bool:
        """Whether an Authorization header carries a token that has not expired."""
        return self._access.get(authorization.removeprefix("Bearer "), 0) > now

    def grant(self, authorization: str, form: bytes, now: float, seconds: int) -> dict[str, Any]:
        """The token answer for a form; LoginRefused when it is not to be had."""
        sent = {name: values[0] for name, values in parse_qs(form.decode("latin-1")).items()}
        pair = f"{self._known['client_id']}:{self._known['client_secret']}".encode()
        basic = b"Basic " + base64.b64encode(pair)
        if not hmac.compare_digest(authorization.encode(), basic):
            raise LoginRefused("invalid_client", "Bad client credentials")
        match sent.get("grant_type"):
            case "refresh_token":
                if sent.get("refresh_token") not in self._refresh:
                    raise LoginRefused("invalid_grant", "Invalid refresh token")
            case "password":
                self._check_password(sent)
            case _:
                raise LoginRefused("unsupported_grant_type", "Unsupported grant type")
        access, refresh = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self._access[access] = now + seconds
        self._refresh.add(refresh)
        return {
            "access_token": access,
            "token_type": "bearer",
            "refresh_token": refresh,
            "expires_in": seconds,
            "scope": "read write",
        }

    def unlock(self) -> None:
        self._wrong = 0

    def _check_password(self, sent: Mapping[str, str]) -> None:
        if sent.get("clientId") != self._known["client_id"]:
            raise LoginRefused("invalid_request", "clientId is required")
        if self._wrong >= WRONG_LOGINS:
            raise LoginRefused("invalid_grant", "User account is locked")
        username, password = sent.get("username"), sent.get("password")
        if (username, password) != (self._known["username"], self._known["password"]):
            self._wrong += 1
            raise LoginRefused("invalid_grant", "Bad credentials")
        self._wrong = 0
