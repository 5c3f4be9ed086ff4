"""The composition root: settings and documents in, a running gateway out.

Rules of this room: whoever opens something closes it, in the opposite order; nothing is decided here that a room below
could decide.
"""

from gateway.compose.clock import SystemClock
from gateway.compose.console import origin_here
from gateway.compose.destinations import observed_now
from gateway.compose.documents import DocumentsRefused, read
from gateway.compose.process import run_gateway, run_sandbox, start_workers
from gateway.compose.providers import Access, access, in_force
from gateway.compose.serving import Ready, WorkerPlace
from gateway.compose.supervisor import Worker

__all__ = [
    "Access",
    "DocumentsRefused",
    "Ready",
    "SystemClock",
    "Worker",
    "WorkerPlace",
    "access",
    "in_force",
    "observed_now",
    "origin_here",
    "read",
    "run_gateway",
    "run_sandbox",
    "start_workers",
]
