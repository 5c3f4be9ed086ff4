"""The gateway does not start where Python or a tracer would record content, and leaves no core dump."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gateway.telemetry.hardening import of_this_process, refusals

MARKER = "https://secret@sentry.example/1"


@pytest.mark.parametrize(
    "name",
    [
        "PYTHONASYNCIODEBUG",
        "PYTHONDEVMODE",
        "SENTRY_DSN",
        "SSLKEYLOGFILE",
        "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT",
    ],
)
def test_a_variable_that_makes_content_visible_refuses_the_start(name: str) -> None:
    (why,) = refusals({name: MARKER}, (), development_mode=False)
    assert why.startswith(f"{name} is set: ")
    assert "SAFECONDUCT_UNSAFE_ALLOW_DEBUG=true" in why
    assert MARKER not in why
    assert refusals({name: ""}, (), development_mode=False) == ()


@pytest.mark.parametrize(
    "environ",
    [
        {"PYTHONPATH": "/otel/opentelemetry/instrumentation/auto_instrumentation:/app"},
        {"OTEL_PYTHON_DISTRO": "x"},
    ],
)
def test_auto_instrumentation_refuses_the_start(environ: dict[str, str]) -> None:
    (why,) = refusals(environ, (), development_mode=False)
    assert "auto-instrumentation" in why


def test_development_mode_refuses_the_start_once() -> None:
    assert len(refusals({}, (), development_mode=True)) == 1
    assert len(refusals({"PYTHONDEVMODE": "1"}, (), development_mode=True)) == 1


def test_a_loaded_tracer_refuses_the_start() -> None:
    (why,) = refusals({}, ("json", "sentry_sdk"), development_mode=False)
    assert "sentry_sdk" in why


def test_every_reason_is_given_at_once() -> None:
    environ = {"SENTRY_DSN": MARKER, "PYTHONASYNCIODEBUG": "1", "OTEL_PYTHON_X": "1"}
    assert len(refusals(environ, ("ddtrace",), development_mode=True)) == 5


def test_a_plain_environment_may_start() -> None:
    harmless = {"PATH": "/bin", "PYTHONPATH": "/app", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}
    assert refusals(harmless, ("json", "asyncio"), development_mode=False) == ()


def test_the_running_interpreter_is_looked_at() -> None:
    program = (
        "from gateway.telemetry.hardening import of_this_process\n"
        "print(len(of_this_process({})), len(of_this_process({'SENTRY_DSN': 'x'})))"
    )
    ran = [
        subprocess.run([sys.executable, *flags, "-c", program], capture_output=True, check=True, text=True).stdout
        for flags in ((), ("-X", "dev"))
    ]
    assert ran == ["0 1\n", "1 2\n"]
    assert of_this_process({}) == ()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="prctl is Linux's")
def test_no_core_dump_of_this_process() -> None:
    program = """
import ctypes, resource
from gateway.telemetry.hardening import forbid_dumps
done = forbid_dumps()
print(done, resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert ran.stdout == "True (0, 0) 0\n"
