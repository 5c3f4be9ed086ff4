"""Measurements: never assertions. `make bench` prints one table; `serve` is the gateway as every harness starts it."""
