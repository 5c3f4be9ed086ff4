"""The receipt of an exchange says, at every moment, how far the exchange has come."""

from __future__ import annotations

from gateway.core.usage import NO_USAGE, Metered, UsageSource
from gateway.dialects.relay import Whole
from gateway.exchange.attempt import Attempt
from gateway.exchange.progress import Progress
from tests.exchange.desk import Stopped
from tests.exchange.test_stages import decided


class Course:
    """An exchange that has been decided upon, at the start of its time."""

    def __init__(self) -> None:
        self.clock, self.stage = Stopped(), decided()
        self.progress = Progress(self.clock, self.stage.accepted.identified)

    def attempt(self) -> Attempt:
        progress = self.progress
        attempt = Attempt(self.stage.plan[0], f"hold.{len(progress.attempts)}", progress.elapsed_ms())
        progress.attempts.append(attempt)
        return attempt


def test_a_receipt_says_what_is_known_at_the_stage_that_was_reached() -> None:
    course = Course()
    progress = course.progress
    assert (progress.receipt("refused", "x").model, progress.receipt("refused", "x").plan) == ("", ())
    progress.reach(course.stage.accepted)
    assert (progress.receipt("refused", "x").model, progress.receipt("refused", "x").plan) == ("small", ())
    progress.reach(course.stage)
    assert progress.receipt("refused", "x").plan == ("alpha/small",)


def test_a_draft_and_a_receipt_of_one_stage_share_their_facts() -> None:
    course = Course()
    course.progress.reach(course.stage)
    assert course.progress.facts is course.progress.facts
    assert course.progress.receipt("interrupted", "").demand is course.progress.receipt("served", "").demand


def test_a_receipt_lasts_as_long_as_its_exchange() -> None:
    course = Course()
    course.clock.passes(0.25)
    assert course.progress.elapsed_ms() == 250
    assert course.progress.receipt("served", "").duration_ms == 250


def test_only_an_attempt_that_is_under_way_is_interrupted() -> None:
    course = Course()
    first = course.attempt()
    course.progress.interrupt("timeout")
    course.clock.passes(0.1)
    course.progress.end_attempts()
    course.clock.passes(0.1)
    course.progress.interrupt("left")
    course.progress.end_attempts()
    assert (first.outcome, first.ended_ms) == ("timeout", 100)


def test_the_route_that_answers_is_the_route_of_the_receipt() -> None:
    course = Course()
    course.progress.reach(course.stage)
    course.attempt()
    served = course.attempt()
    served.whole, served.dropped = Whole(b"", Metered(NO_USAGE, UsageSource.PROVIDER, {})), ("seed",)
    assert course.progress.receipt("failed", "x").route == ""
    course.progress.served = served
    receipt = course.progress.receipt("served", "")
    assert (receipt.route, receipt.dropped, len(receipt.attempts)) == ("alpha/small", ("seed",), 2)
