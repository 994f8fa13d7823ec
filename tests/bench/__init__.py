"""Benchmarks: the service beside a hand-written handler that does the same work."""
