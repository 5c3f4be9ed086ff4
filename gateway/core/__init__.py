"""The heart: pure decisions and arithmetic.

Rules of this room: the standard library only; no clock, no I/O, no randomness, and no word of any prompt. Every
function takes values and returns values; what changes with time (today, health) is an argument.
"""
