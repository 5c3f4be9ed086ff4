"""The credential of a record that takes tokens: renewed in time, once per refusal, alone in its failure."""

from __future__ import annotations

import asyncio
import time
from email.utils import formatdate

import pytest

from gateway.upstream.calls import ProviderCall
from gateway.upstream.client import ProviderClient
from gateway.upstream.credentials import Headers, Refusal, UnsignedRequest
from gateway.upstream.faults import UpstreamFault
from gateway.upstream.targets import Target
from gateway.upstream.tokens.endpoint import TokenEndpoint, TokenFault
from gateway.upstream.tokens.renewing import RenewalPace, RenewingCredential
from gateway.upstream.tokens.token import BearerScheme, CredentialChange, ExpiringToken, TokenScheme
from tests.scripted import Connection, Provider, Script, reply
from tests.upstream.calling import CONNECT_S, PROMPT, an_upstream, run, whole
from tests.upstream.tokens.scripting import ManualClock, ScriptedSource, running

REQUEST = UnsignedRequest("POST", "a.example", "/v1/chat", (), b"{}")
QUICK = RenewalPace(early_s=0.0, margin_s=0.001, first_s=0.01, longest_s=0.05)


def a_credential(
    source: ScriptedSource,
    clock: ManualClock | None = None,
    *,
    pace: RenewalPace = QUICK,
    scheme: TokenScheme[str] | None = None,
) -> RenewingCredential[str]:
    endpoint = TokenEndpoint()
    if clock is None:
        return RenewingCredential(source, scheme or BearerScheme(), endpoint, pace=pace)
    return RenewingCredential(source, scheme or BearerScheme(), endpoint, pace=pace, clock=clock)


def bearer(credential: RenewingCredential[str]) -> str:
    [(name, value)] = credential.headers(REQUEST)
    assert name == "authorization"
    return value


def test_there_is_no_secret_before_the_first_round() -> None:
    async def scenario() -> None:
        with pytest.raises(UpstreamFault) as caught:
            a_credential(ScriptedSource(ExpiringToken("one"))).headers(REQUEST)
        assert (caught.value.kind, caught.value.sent) == ("credential", "nothing")

    run(scenario())


def test_a_secret_is_used_until_shortly_before_its_end_and_hidden() -> None:
    async def scenario() -> None:
        clock = ManualClock()
        credential = a_credential(ScriptedSource(ExpiringToken("hush", life_s=100.0)), clock, pace=RenewalPace())
        async with running(credential) as news:
            assert bearer(credential) == "Bearer hush"
            clock.now += 94.9
            assert bearer(credential) == "Bearer hush"
            clock.now += 0.2
            with pytest.raises(UpstreamFault):
                credential.headers(REQUEST)
            assert news.changes == [CredentialChange("renewed", left_s=95.0)]
            assert "hush" not in f"{credential!r}{vars(credential)}{news.changes}"

    run(scenario())


def test_a_token_that_lives_two_seconds_is_always_renewed_before_its_end() -> None:
    async def scenario() -> None:
        source = ScriptedSource(*(ExpiringToken(f"token-{n}", life_s=2.0) for n in range(9)))
        credential = a_credential(source, pace=RenewalPace())
        seen: list[str] = []
        async with running(credential) as news:
            for renewals in (2, 3):
                await news.until(lambda renewals=renewals: len(news.changes) >= renewals)  # type: ignore[misc]
                seen.append(bearer(credential))
        assert seen == ["Bearer token-1", "Bearer token-2"]
        assert news.states == ["renewed"] * 3

    run(scenario())


def test_a_failure_leaves_the_secret_in_use_until_its_end_and_no_longer() -> None:
    async def scenario() -> None:
        clock = ManualClock()
        source = ScriptedSource(ExpiringToken("one", life_s=100.0), TokenFault("refused", 400))
        credential = a_credential(source, clock)
        async with running(credential) as news:
            clock.now += 1
            assert not await credential.renew(clock.refusal())
            await news.until(lambda: "failing" in news.states)
            assert bearer(credential) == "Bearer one"
            clock.now += 99
            await news.until(lambda: "ended" in news.states)
            with pytest.raises(UpstreamFault):
                credential.headers(REQUEST)
        assert {(c.fault, c.status) for c in news.changes[1:]} == {("refused", 400)}

    run(scenario())


def test_the_first_token_after_failures_ends_them() -> None:
    async def scenario() -> None:
        credential = a_credential(ScriptedSource(TokenFault("file"), TokenFault("file"), ExpiringToken("late")))
        async with running(credential) as news:
            assert news.states == ["ended"]
            await news.until(lambda: "renewed" in news.states)
            assert bearer(credential) == "Bearer late"

    run(scenario())


def test_pauses_grow_and_are_bounded() -> None:
    assert [RenewalPace().pause_s(n) for n in (1, 2, 3, 7, 1_000)] == [1, 2, 4, 60, 60]


@pytest.mark.parametrize(
    ("token", "earliest", "latest"),
    [
        (ExpiringToken("t", life_s=3600.0), 3135, 3300),
        (ExpiringToken("t", life_s=100.0), 76, 80),
        (ExpiringToken("t", life_s=3600.0, again_s=10.0), 10, 10),
        (ExpiringToken("t"), float("inf"), float("inf")),
    ],
)
def test_a_renewal_begins_at_four_fifths_or_five_minutes_before_the_end(
    token: ExpiringToken[str], earliest: float, latest: float
) -> None:
    assert earliest <= RenewalPace().renewal_after_s(token) <= latest


def test_a_secret_that_is_read_again_unchanged_is_no_news() -> None:
    async def scenario() -> None:
        source = ScriptedSource(
            ExpiringToken("same", again_s=0.001),
            ExpiringToken("same", again_s=0.001),
            ExpiringToken("new", again_s=9.0),
        )
        async with running(a_credential(source)) as news:
            await news.until(lambda: len(news.changes) == 2)
            assert source.obtained == 3

    run(scenario())


def test_many_refusals_of_one_secret_renew_it_once() -> None:
    async def scenario() -> None:
        source = ScriptedSource(ExpiringToken("old"), ExpiringToken("new"), ExpiringToken("newer"))
        credential = a_credential(source)
        async with running(credential):
            refusal = Refusal(401, {}, time.monotonic())
            renewed = await asyncio.gather(*(credential.renew(refusal) for _ in range(20)))
            assert renewed == [True] * 20
            assert bearer(credential) == "Bearer new"
            assert source.obtained == 2

    run(scenario())


def test_a_refusal_of_a_secret_that_was_replaced_meanwhile_renews_nothing() -> None:
    async def scenario() -> None:
        clock = ManualClock()
        source = ScriptedSource(ExpiringToken("old"), ExpiringToken("new"), ExpiringToken("newer"))
        credential = a_credential(source, clock)
        async with running(credential):
            late = clock.refusal()
            clock.now += 1
            assert await credential.renew(clock.refusal())
            assert await credential.renew(late)
            assert source.obtained == 2

    run(scenario())


def test_a_secret_that_a_refusal_obtained_and_that_is_refused_again_stands() -> None:
    async def scenario() -> None:
        clock = ManualClock()
        source = ScriptedSource(ExpiringToken("old"), ExpiringToken("new"), ExpiringToken("newer"))
        credential = a_credential(source, clock)
        async with running(credential):
            clock.now += 1
            assert await credential.renew(clock.refusal())
            clock.now += 1
            assert not await credential.renew(clock.refusal())
            clock.now += 10
            assert await credential.renew(clock.refusal())
            assert source.obtained == 3

    run(scenario())


@pytest.mark.parametrize(
    "steps", [(ExpiringToken("old"), ExpiringToken("old")), (ExpiringToken("old"), TokenFault("unreachable"))]
)
def test_a_refusal_without_a_new_secret_stands(
    steps: tuple[ExpiringToken[str], ExpiringToken[str] | TokenFault],
) -> None:
    async def scenario() -> None:
        clock = ManualClock()
        credential = a_credential(ScriptedSource(*steps), clock)
        async with running(credential):
            clock.now += 1
            assert not await credential.renew(clock.refusal())

    run(scenario())


def test_refusals_do_not_hasten_the_pause_after_a_failure() -> None:
    async def scenario() -> None:
        clock = ManualClock()
        source = ScriptedSource(ExpiringToken("old"), TokenFault("unreachable"))
        credential = a_credential(source, clock, pace=RenewalPace(first_s=60.0))
        async with running(credential):
            for _ in range(5):
                clock.now += 1
                assert not await credential.renew(clock.refusal())
            assert source.obtained == 2

    run(scenario())


def test_a_permission_that_is_missing_renews_nothing() -> None:
    async def scenario() -> None:
        source = ScriptedSource(ExpiringToken("old"), ExpiringToken("new"))
        credential = a_credential(source, clock := ManualClock())
        async with running(credential):
            clock.now += 1
            assert not await credential.renew(clock.refusal(403))
        assert not await credential.renew(clock.refusal(401)), "nobody renews once it is stopped"
        assert source.obtained == 1

    run(scenario())


class _Timed:
    """Shows the moment that it was given."""

    signs_time = True

    def headers(self, secret: str, request: UnsignedRequest, now_s: float) -> Headers:  # noqa: ARG002
        return (("x-date", f"{now_s:.0f}"),)

    def refuses_secret(self, status: int, headers: object) -> bool:  # noqa: ARG002  # a clock is no secret
        return False


def test_a_signature_follows_the_clock_of_the_provider_and_says_so_once() -> None:
    async def scenario() -> None:
        clock = ManualClock()
        credential = a_credential(ScriptedSource(ExpiringToken("one")), clock, scheme=_Timed())
        async with running(credential) as news:
            ahead = clock.refusal(403, date=formatdate(1_400, usegmt=True))
            assert await credential.renew(ahead)
            assert credential.headers(REQUEST) == (("x-date", "1400"),)
            assert not await credential.renew(ahead)
            assert not await credential.renew(clock.refusal(403, date="no date"))
            assert not await credential.renew(clock.refusal(403))
            assert [c.skew_s for c in news.changes if c.state == "skewed"] == [400.0]

    run(scenario())


def test_a_signature_follows_the_clock_of_the_issuer() -> None:
    async def scenario() -> None:
        credential = a_credential(ScriptedSource(ExpiringToken("one", skew_s=-200.0)), ManualClock(), scheme=_Timed())
        async with running(credential) as news:
            assert credential.headers(REQUEST) == (("x-date", "800"),)
            assert news.states == ["skewed", "renewed"]

    run(scenario())


def _accepts(token: str) -> Script:
    async def script(connection: Connection) -> None:
        while True:
            request = await connection.request()
            accepted = request.header("authorization") == f"Bearer {token}"
            await connection.send(reply(200 if accepted else 401, body=b"yes" if accepted else b"no"))

    return script


async def _ask(upstream: ProviderClient, provider: Provider, credential: RenewingCredential[str]) -> tuple[int, bytes]:
    answer = await upstream.send(ProviderCall(Target(provider.url, credential), "/chat", (), PROMPT), CONNECT_S)
    return answer.status, await whole(answer)


def test_a_call_whose_token_is_refused_is_sent_once_more_with_a_new_one() -> None:
    async def scenario() -> None:
        credential = a_credential(ScriptedSource(ExpiringToken("old"), ExpiringToken("new")))
        async with Provider(_accepts("new")) as provider, an_upstream() as upstream, running(credential):
            answers = await asyncio.gather(*(_ask(upstream, provider, credential) for _ in range(5)))
            assert answers == [(200, b"yes")] * 5
            assert {r.body for r in provider.requests} == {PROMPT}
            assert await _ask(upstream, provider, credential) == (200, b"yes")

    run(scenario())
