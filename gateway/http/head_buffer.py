"""The bytes of a head that has not arrived whole, and the bytes that a client sent ahead of an answer."""

from __future__ import annotations

from typing import Final

from gateway.http.request_head import check_unfinished

_END: Final = b"\r\n\r\n"


class HeadBuffer:
    """Cuts the next head off the bytes of a connection."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = bytearray()

    def __len__(self) -> int:
        return len(self._held)

    def take(self, data: bytes) -> tuple[bytes, bytes]:
        """(the head, the bytes behind it). The head is empty until its last byte has arrived. InvalidRequest, Refused
        for the beginning of a head that cannot be completed."""
        held = self._held
        checked = len(held)
        if checked == 0:
            end = data.find(_END)
            if end >= 0:
                return data[: end + 4], data[end + 4 :]
        held += data
        end = held.find(_END, max(0, checked - 3))
        if end < 0:
            check_unfinished(held, checked)
            return b"", b""
        head, rest = bytes(held[: end + 4]), bytes(held[end + 4 :])
        held.clear()
        return head, rest

    def hold(self, data: bytes) -> None:
        """Keep bytes for later."""
        self._held += data

    def release(self) -> bytes:
        """The bytes that were kept; the buffer is empty then."""
        held = bytes(self._held)
        self._held.clear()
        return held
