"""A provider's own record of one generation: its cost, for an attempt whose usage was not reported.

Sources, read in December 2026: the references of OpenRouter (`GET /generation`) and of Vercel's AI Gateway, which has
the same form.
"""

from __future__ import annotations

import msgspec

from gateway.dialects.reported_cost import COST_FIGURE, cost_figure


class _Data(msgspec.Struct):
    total_cost: object = None


class _Record(msgspec.Struct):
    data: _Data | None = None


_decode = msgspec.json.Decoder(_Record).decode


def recorded_cost(body: bytes) -> int | None:
    """Cost in billionths of a US dollar; None where the record does not state it."""
    try:
        record = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return cost_figure(record.data.total_cost).get(COST_FIGURE) if record.data is not None else None
