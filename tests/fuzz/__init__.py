"""Readers of bytes that strangers write, under a fuzzer that sees which lines each input reaches (`make proof`)."""
