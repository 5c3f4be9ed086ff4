"""Wire languages, both ways: bytes become a demand and a sealed prompt; provider replies become usage and bytes.

Rules of this room: no I/O, no clock, no knowledge of any one provider (its quirks are facts in the catalogue). What
arrives is parsed in one function per language, and no error raised here carries a word of what was said.
"""
