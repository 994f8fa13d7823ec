"""The simulators, over HTTP, against the contracts."""
