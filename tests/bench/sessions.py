"""The gateways that are measured, one after another, and the rows that come of each."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from http.client import HTTPConnection
from json import loads
from statistics import median

from tests.bench import measures
from tests.bench.decisions import ROUTES, cold_and_compiled_us
from tests.bench.measures import Found, Size, added
from tests.bench.pages import cost_of_pages
from tests.bench.processes import CORES, PORT, Target, gateway, load, nginx
from tests.bench.reports import cost_of_reports
from tests.bench.table import Mark, Row, Sense
from tests.stores.servers import a_server

ENOUGH_CORES = 4
"""For two workers, their Redis, and load and provider beside them."""
BUDGET = "0.05"
"""Of the organisation, in its currency: a few hundred requests."""


def embedded(direct: Target, size: Size) -> Iterator[Row]:
    """Books in the process, durability `process`; nginx and the provider alone beside it."""
    starts = [_start_s() for _ in range(size.rounds)]
    yield Row("start to ready, whole catalogue", starts, Mark(0.8, "s"))
    with gateway() as ours, nginx() as proxy:
        others = {"direct": direct} | ({"nginx": proxy} if proxy else {})
        full = measures.full(others | {"ours": ours}, size)
        yield from _of_requests(full)
        streams = measures.streaming(others | {"ours": ours, "translated": ours}, size)
        yield from _of_chunks(streams)
        yield _latency("process", measures.at_a_rate({"direct": direct, "ours": ours}, size))
        yield from _first_token(streams)
        yield Row("memory after load", [ours.rss_mb()], Mark(90, "MB", 0))
        yield from _of_memory(ours, size)
        yield from _of_leaving(ours, size)


def _start_s() -> float:
    with gateway() as ours:
        return ours.ready_s


def _of_requests(found: Found) -> Iterator[Row]:
    yield Row("CPU per request", found["ours"].cpu_ms, Mark(0.25, "ms", 3), _beside(found))
    if "nginx" in found:
        yield Row("  nginx as a plain proxy", found["nginx"].cpu_ms, Mark(0, "ms", 3), judged=False)
    each = ", ".join(f"{name} {median(found[name].per_s):,.0f}/s" for name in found if name != "ours")
    yield Row(
        "requests per second, one core",
        found["ours"].per_s,
        Mark(3500, "/s", 0, Sense.AT_LEAST),
        f"load and provider share a core; {each}",
    )


def _beside(found: Found) -> str:
    if "nginx" not in found:
        return "no nginx to compare with"
    ours, its = median(found["ours"].cpu_ms), median(found["nginx"].cpu_ms)
    return f"{ours / its:.1f} x nginx" if its else ""


def _of_chunks(found: Found) -> Iterator[Row]:
    yield Row("CPU per streamed chunk, passed on", found["ours"].cpu_ms, Mark(0.06, "ms", 3), _beside(found))
    yield Row("CPU per streamed chunk, translated", found["translated"].cpu_ms, Mark(0.12, "ms", 3))
    if "nginx" in found:
        yield Row("  nginx as a plain proxy", found["nginx"].cpu_ms, Mark(0, "ms", 3), judged=False)


def _latency(durability: str, found: Found, note: str = "") -> Row:
    bound = {"process": 1.0, "power": 2.0}[durability]
    what = f"added latency p50 at 50/s, durability {durability}"
    alone = f"{median(found['ours'].cpu_ms):.2f} ms of CPU per request at this rate"
    figures = added(found["ours"].p50_ms, found["direct"].p50_ms)
    return Row(what, figures, Mark(bound, "ms"), f"{alone}; {note}" if note else alone)


def _first_token(found: Found) -> Iterator[Row]:
    ours, direct = found["ours"], found["direct"]
    yield Row("added time to first token p50, 100 streams", added(ours.p50_ms, direct.p50_ms), Mark(2, "ms"))
    yield Row("added time to first token p99, 100 streams", added(ours.p99_ms, direct.p99_ms), Mark(10, "ms"))


def _of_memory(ours: Target, size: Size) -> Iterator[Row]:
    body = measures.large_bodies(ours)
    note = f"{body.steady} of {measures.CONNECTIONS} answered"
    yield Row("memory per 1 MB body in flight", [body.kb_each / 1024], Mark(3, "MB"), note)
    slow = measures.slow_streams(ours, size)
    yield Row("memory per idle stream", [slow.kb_each], Mark(50, "kB", 0))
    yield Row("1,000 slow streams at once, steady", [slow.steady], Mark(1000, "", 0, Sense.AT_LEAST))


def _of_leaving(ours: Target, size: Size) -> Iterator[Row]:
    left = measures.leaving(ours, size)
    note = f"{left.per_s:,.0f} a second for {left.seconds:g} s"
    yield Row("after 1,000 disconnects/s: 200s to 100 requests", [left.served], Mark(100, "", 0, Sense.AT_LEAST), note)
    yield Row("after them: more descriptors than before", [left.descriptors], Mark(0, "", 0))
    yield Row("after them: more memory than before", [left.mb], Mark(10, "MB", 0), "bound of this harness")


def synced(direct: Target, size: Size) -> Iterator[Row]:
    with gateway(SAFECONDUCT_DURABILITY="power") as ours:
        load("all", ours, measures.CONNECTIONS, 0.7)
        found = measures.at_a_rate({"direct": direct, "ours": ours}, size)
        yield _latency("power", found, f"one sync of this disk: {measures.sync_ms():.2f} ms")


def shared(_direct: Target, size: Size) -> Iterator[Row]:
    """Books counted in a Redis: one worker, then two, then two with a budget that ends."""
    with a_server() as server:
        with gateway(SAFECONDUCT_REDIS_URL=server.url) as ours:
            found = measures.full({"ours": ours}, size)["ours"]
        yield Row("CPU per request with Redis books", found.cpu_ms, Mark(0.6, "ms", 3), "without Redis's own")
        yield _two_workers(server.url, size)
    with a_server() as server:
        yield _exact(server.url)


def _two_workers(url: str, size: Size) -> Row:
    what, mark = "two workers with Redis / one", Mark(1.8, "x", 2, Sense.AT_LEAST)
    if len(CORES) < ENOUGH_CORES:
        return Row(what, [], mark, f"{len(CORES)} cores, {ENOUGH_CORES} needed: load and provider compete")
    per_s = {}
    for workers in ("1", "2"):
        with gateway(None, SAFECONDUCT_REDIS_URL=url, SAFECONDUCT_WORKERS=workers) as ours:
            per_s[workers] = measures.full({"ours": ours}, size)["ours"].per_s
    ratios = [two / one for one, two in zip(per_s["1"], per_s["2"], strict=True)]
    return Row(what, ratios, mark, f"{len(CORES)} cores")


def _exact(url: str) -> Row:
    """Whoever was answered was charged, nobody else was, and together they stay below the budget."""
    environ = {"SAFECONDUCT_REDIS_URL": url, "SAFECONDUCT_WORKERS": "2", "BENCH_BUDGET": BUDGET}
    with gateway(None, **environ) as ours:
        found = load("all", ours, measures.CONNECTIONS, 2)
        charged, spent = _usage(ours)
    off = abs(charged - found["ok"]) + max(0, spent > Decimal(BUDGET))
    refused = int(found["requests"] - found["ok"])
    note = f"{charged} answered, {refused:,} refused, {spent.normalize()} of {BUDGET} spent"
    return Row("two workers, one budget: receipts too many or few", [off], Mark(0, "", 0), note)


def _usage(ours: Target) -> tuple[int, Decimal]:
    """Exchanges that cost something, and their cost, as `/v1/usage` sums both workers' receipts."""
    connection = HTTPConnection("127.0.0.1", PORT, timeout=30)
    connection.request("GET", "/v1/usage?by=provider", headers={"authorization": f"Bearer {ours.key}"})
    rows = [row for row in loads(connection.getresponse().read())["data"] if Decimal(row["cost"])]
    connection.close()
    return sum(row["exchanges"] for row in rows), sum((Decimal(row["cost"]) for row in rows), Decimal())


def decisions(_direct: Target, size: Size) -> Iterator[Row]:
    cold, compiled = cold_and_compiled_us(size.rounds)
    what = f"decision over {ROUTES:,} routes and 5 layers"
    yield Row(f"{what}, cold", [us / 1000 for us in cold], Mark(5, "ms"), "50 of them of the model asked for")
    yield Row(f"{what}, from a compiled policy", compiled, Mark(20, "µs", 1))


def pages(_direct: Target, size: Size) -> Iterator[Row]:
    listed, largest = cost_of_pages(size.rounds)
    for what, made in (("page of all models, unfiltered", listed), ("largest model page", largest)):
        yield Row(what, made.ms, Mark(50, "ms", 1), "made in turns of half a millisecond")
        yield Row(f"  {what}, packed", [made.kb], Mark(40, "kB", 1))


def reports(_direct: Target, size: Size) -> Iterator[Row]:
    """Pages of the records, with a journal of a hundred thousand receipts in a full run."""
    costs = cost_of_reports(size.receipts, size.rounds)
    for name, (first, later) in costs.items():
        note = f"{size.receipts:,} receipts; first visit {first:.0f} ms"
        yield Row(f"page of {name}", later, Mark(200, "ms", 0), note)
    yield Row("first visit to a page of the records", [max(first for first, _ in costs.values())], Mark(200, "ms", 0))
