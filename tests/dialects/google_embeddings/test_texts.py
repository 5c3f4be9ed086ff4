"""The texts of a request: everything that somebody wrote, and no word of the protocol."""

from __future__ import annotations

from gateway.dialects.google_embeddings.request import accept
from gateway.dialects.google_embeddings.texts import texts
from tests.dialects.google_embeddings.requests import BATCH, ONE, PICTURE, SNAPSHOT
from tests.dialects.masking import check_every_marker_is_a_text

CONTENT = {"role": "user", "parts": [{"text": "MARKER"}, PICTURE]}


def test_every_word_of_one_content_is_a_text_and_the_request_stays_valid() -> None:
    request = {"content": CONTENT, "task_type": "RETRIEVAL_DOCUMENT", "title": "MARKER", "brandNew": "MARKER"}
    accept(check_every_marker_is_a_text(texts, request), ONE, SNAPSHOT)


def test_every_word_of_a_batch_is_a_text_and_the_request_stays_valid() -> None:
    one = {
        "model": "models/small",
        "content": CONTENT,
        "embedContentConfig": {"title": "MARKER", "taskType": "CLUSTERING"},
    }
    accept(
        check_every_marker_is_a_text(texts, {"requests": [one, one], "provider": {"only": ["alpha"]}}), BATCH, SNAPSHOT
    )
