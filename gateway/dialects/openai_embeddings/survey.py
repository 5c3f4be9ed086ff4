"""The shape of an Embeddings request: every member whose effect on content is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.dialects.shapes import FLAG, NUMBER, TEXT, MemberShape, either, leaves, opaque, record, rows

MEMBERS: Final[Mapping[str, MemberShape]] = {
    **leaves(opaque, "provider user"),  # they never travel as they are
    "input": opaque,  # texts or token ids, which are checked where they are read
    **leaves(TEXT, "model encoding_format input_type"),
    "dimensions": NUMBER,
    # Members of vLLM, Voyage, Jina, Cohere and Mistral that shape the vectors, and nothing else.
    **leaves(NUMBER, "truncate_prompt_tokens priority output_dimension"),
    **leaves(FLAG, "truncation add_special_tokens normalize normalized late_chunking"),
    **leaves(TEXT, "output_dtype task embedding_type"),
    "truncate": FLAG | TEXT,
    "embedding_types": either(TEXT, rows("embedding_types", TEXT)),
}
"""Members whose effect on content is known, each with its shape."""

REQUEST: Final = record("", MEMBERS)
