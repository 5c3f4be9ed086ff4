"""The composition root: settings and documents in, a running gateway out.

Rules of this room: whoever opens something closes it, in the opposite order; nothing is decided here that a room below
could decide.
"""

from gateway.compose.clock import SystemClock
from gateway.compose.documents import DocumentsRefused, read
from gateway.compose.providers import Access, access, in_force
from gateway.compose.serving import Ready, WorkerPlace, serve, serve_sandbox

__all__ = [
    "Access",
    "DocumentsRefused",
    "Ready",
    "SystemClock",
    "WorkerPlace",
    "access",
    "in_force",
    "read",
    "serve",
    "serve_sandbox",
]
