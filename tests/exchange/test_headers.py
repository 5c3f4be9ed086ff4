"""What stands beside a reply."""

from __future__ import annotations

from gateway.core.decision import EligibleRoute
from gateway.core.operation import CHAT
from gateway.core.receipt import ReceiptId
from gateway.core.usage import NO_USAGE, Metered, UsageSource
from gateway.dialects.relay import Whole
from gateway.exchange.attempt import Attempt
from gateway.exchange.headers import attempts_header, cost_header, reply_headers
from gateway.exchange.record import ExchangeRecord
from gateway.exchange.services import InForce
from tests.builders import NOW, TODAY, a_principal, a_receipt, a_route, a_snapshot, some_means

SNAPSHOT = a_snapshot()
FACTS = ExchangeRecord(
    ReceiptId("01JDRECEIPT00000000000000A"),
    NOW,
    TODAY,
    a_principal(snapshot=SNAPSHOT),
    InForce(SNAPSHOT, some_means(), {}),
    "openai_chat",
    CHAT,
)
ANSWER = Attempt(EligibleRoute(a_route(variant="fast"), "openai_chat"), "hold", 0)


def test_a_reply_names_its_receipt_route_and_region_and_nothing_else() -> None:
    assert reply_headers(FACTS, (), ANSWER) == {
        "x-safeconduct-receipt": "01JDRECEIPT00000000000000A",
        "x-safeconduct-route": "alpha/small@fast",
        "x-safeconduct-region": "declared:SE",
    }


def test_a_limit_that_is_not_the_clients_is_reported() -> None:
    answer = Attempt(EligibleRoute(a_route(), "openai_chat"), "hold", 0)
    answer.output_limit = 8192
    assert reply_headers(FACTS, (), answer)["x-safeconduct-output-limit"] == "8192"


def test_what_found_no_place_is_named_once_and_in_order() -> None:
    answer = Attempt(EligibleRoute(a_route(), "anthropic_messages"), "hold", 0)
    answer.dropped = ("seed", "tools.web_search", "seed")
    answer.whole = Whole(b"", Metered(NO_USAGE, UsageSource.PROVIDER, {}), ("citations",))
    assert reply_headers(FACTS, (), answer)["x-safeconduct-dropped"] == "seed, tools.web_search, citations"


def test_the_cost_has_no_exponent_and_names_its_currency() -> None:
    assert cost_header(a_receipt(cost=540)) == {"x-safeconduct-cost": "0.00000054 USD"}
    assert cost_header(a_receipt(cost=0, currency="EUR")) == {"x-safeconduct-cost": "0 EUR"}
    assert cost_header(a_receipt(cost=3 * 10**9)) == {"x-safeconduct-cost": "3 USD"}


def test_every_attempt_is_listed_in_order_with_its_region_and_its_end() -> None:
    broken, unsent, answer = (Attempt(EligibleRoute(a_route(), "openai_chat"), "hold", 0) for _ in range(3))
    broken.leave()
    broken.status, broken.observed = 500, {"region": "Sweden Central"}
    unsent.fault = "connect"
    answer.leave()
    answer.status = 200
    assert attempts_header(FACTS, (broken, unsent, answer)) == {
        "x-safeconduct-attempts": 'alpha/small;region=SE;observed="Sweden Central";status=500, '
        "alpha/small;region=SE;fault=connect;left=no, alpha/small;region=SE;status=200"
    }
    assert attempts_header(FACTS, ()) == {}
