"""What the client is told beside the reply, in headers: where its words went and under which receipt."""

from __future__ import annotations

from gateway.core.catalog import Snapshot
from gateway.core.cost import money
from gateway.core.decision import treatment
from gateway.core.posture import word
from gateway.core.receipt import Receipt, ReceiptId
from gateway.exchange import record
from gateway.exchange.attempt import Attempt


def reply_headers(
    receipt_id: ReceiptId, answer: Attempt, snapshot: Snapshot, facts: record.Facts, output_limit: int | None
) -> dict[str, str]:
    """The headers of a reply. The cost is added where the reply begins after it is known."""
    features = facts.demand.features if facts.demand else frozenset()
    posture = treatment(answer.route, features, snapshot, facts.today)
    found = {
        "x-safeconduct-receipt": str(receipt_id),
        "x-safeconduct-route": str(answer.route.id),
        "x-safeconduct-region": record.region({name: word(value) for name, value in posture}),
    }
    if output_limit is not None:
        found["x-safeconduct-output-limit"] = str(output_limit)
    return found


def cost_header(receipt: Receipt) -> dict[str, str]:
    """What the exchange cost, in the ledger's currency."""
    return {"x-safeconduct-cost": f"{money(receipt.cost)} {receipt.currency}"}
