"""Health: providers, stores, documents, and what ends soon. A script reads the page again while it is looked at."""

from __future__ import annotations

from gateway.console.page import Audience, ConsolePage, PageReport


def health_page(report: PageReport) -> ConsolePage:
    """`/console/health`."""
    return ConsolePage("/health", "health.html", report, Audience.SIGNED_IN, label="Health", scripts=("live.js",))
