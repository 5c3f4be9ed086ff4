"""Refuses everything that records content outside the gateway: core dumps, debuggers, tracers."""

from __future__ import annotations

import ctypes
import resource
import sys
from collections.abc import Collection, Mapping
from typing import Final

_PR_SET_DUMPABLE: Final = 4

_VARIABLES: Final[Mapping[str, str]] = {
    "PYTHONASYNCIODEBUG": "asyncio's debug mode writes the arguments of slow calls",
    "PYTHONDEVMODE": "Python's development mode switches asyncio's debug mode on",
    "SENTRY_DSN": "Sentry records local variables and requests",
    "SSLKEYLOGFILE": "it writes the keys of TLS connections to a file",
    "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "it records prompts and completions",
}
_AUTO_INSTRUMENTATION: Final = "auto_instrumentation"
"""Part of the path that OpenTelemetry's `opentelemetry-instrument` and its Kubernetes operator put in PYTHONPATH."""

_TRACERS: Final = ("sentry_sdk", "opentelemetry.instrumentation", "ddtrace", "newrelic", "elasticapm", "scoutapm")

_DO: Final = "unset it, or set SAFECONDUCT_UNSAFE_ALLOW_DEBUG=true where no real prompt will pass"


def refusals(environ: Mapping[str, str], modules: Collection[str], *, development_mode: bool) -> tuple[str, ...]:
    """Why the gateway must not start like this; empty if it may. Each says what to do. No value is repeated.

    `modules`: names of imported modules (`sys.modules`); `development_mode`: `sys.flags.dev_mode`.
    """
    warnings = [f"{name} is set: {why}; {_DO}" for name, why in _VARIABLES.items() if environ.get(name)]
    if development_mode and not environ.get("PYTHONDEVMODE"):
        warnings.append(f"Python runs in development mode (-X dev), which switches asyncio's debug mode on; {_DO}")
    if _AUTO_INSTRUMENTATION in environ.get("PYTHONPATH", "") or any(n.startswith("OTEL_PYTHON_") for n in environ):
        warnings.append(
            "OpenTelemetry's auto-instrumentation is set up (PYTHONPATH or OTEL_PYTHON_*), and records requests; "
            + _DO.replace("unset it", "leave this process out of it")
        )
    warnings += [
        f"the tracer {name} is loaded, and records requests; start without it" for name in _TRACERS if name in modules
    ]
    return tuple(warnings)


def of_this_process(environ: Mapping[str, str]) -> tuple[str, ...]:
    """`refusals` of the running interpreter."""
    return refusals(environ, sys.modules.keys(), development_mode=sys.flags.dev_mode)


def forbid_dumps() -> bool:
    """No core dump of this process, and no debugger of the same user; False where the system cannot do that.

    A dump piped to a program (`kernel.core_pattern = |…`) ignores the size limit; on Linux, not being dumpable covers
    that too.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not sys.platform.startswith("linux"):
        return False
    return bool(ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)
