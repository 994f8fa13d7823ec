"""The service as clients, gateways and auditors from npm see it. Run by `make test-*` targets."""
