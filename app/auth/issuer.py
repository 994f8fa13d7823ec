"""Whose bearer tokens are good here. What verifies them is loaded only where there is an issuer."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Issuer:
    """Whose tokens are good here: its address, whom they are for, where its keys are.

    `jwks_url` None: the issuer's discovery document tells. `account` and `scope` name claims.
    """

    url: str
    audience: str
    jwks_url: str | None = None
    account: str = "account"
    scope: str = "scope"


class IssuerUnavailable(Exception):
    """The keys are not known and the issuer could not be asked, or not yet again."""

    def __init__(self, seconds: float) -> None:
        super().__init__("the issuer's keys are not known")
        self.seconds = max(1, round(seconds))
