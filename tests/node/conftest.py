"""The service that npm's programs talk to."""

from tests.operations.conftest import buyer, service

__all__ = ["buyer", "service"]
