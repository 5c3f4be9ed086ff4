"""Google's embedContent and batchEmbedContents, as clients write them and as Gemini answers.

Reference: the Gemini API's published reference and the types of the official Python SDK 3.4.0 (November 2026), which
sends a batch even for one content. `request` reads, passes on and writes what is asked; `reply` reads what comes back,
`writer` writes it. Refusals, and how Google's JSON is read, are those of generateContent.
"""

from typing import Final

from gateway.dialects.google_embeddings.reply import events, observe
from gateway.dialects.google_embeddings.request import NAME, accept, conversation, passed, written
from gateway.dialects.google_embeddings.writer import writer
from gateway.dialects.google_generate.errors import error

EMBEDS_AS: Final = ""

__all__ = ["EMBEDS_AS", "NAME", "accept", "conversation", "error", "events", "observe", "passed", "writer", "written"]
