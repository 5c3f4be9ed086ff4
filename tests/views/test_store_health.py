from __future__ import annotations

from gateway.views.store_health import StoreNames, disk_row, store_names, store_row


def test_an_obstacle_has_words_and_a_mark() -> None:
    assert store_row("Keys", "") == {"name": "Keys", "mark": "good", "words": "In order"}
    assert store_row("Keys", "keys_unavailable")["words"] == "The shared keys cannot be reached"
    assert store_row("Keys", "something_new") == {"name": "Keys", "mark": "poor", "words": "Something new"}


def test_the_disk_shows_what_is_free() -> None:
    assert disk_row(5 * 2**30, low=False)["words"] == "5,120 MB free"
    assert disk_row(0, low=True)["mark"] == "poor"


def test_a_store_is_named_with_its_server() -> None:
    assert store_names(redis=False, postgres=False) == StoreNames()
    shared = store_names(redis=True, postgres=True)
    assert shared == StoreNames("Books and journal, counters in Redis", "Keys in PostgreSQL", "Ledger in PostgreSQL")
