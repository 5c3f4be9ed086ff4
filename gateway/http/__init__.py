"""The HTTP/1.1 server: framing, limits, deadlines, drain. The mirror of `gateway/upstream`.

Rules of this room: it speaks ASGI to any application and knows no path, dialect or framework. The caller passes
the application and the form of its errors (`answer.RenderError`). The address of a client is the peer's of the socket:
no header of a proxy is believed. `head` and `body` judge bytes and are pure; `connection` and `server` do the I/O.

The states of a connection (`connection.ClientConnection`):

* **resting**: no request. Ends with the first byte of a head, or after `HttpLimits.keep_alive_s`.
* **head**: a head arrives. Ends with its empty line, with the first byte that no good head can have (400), or after
  `HttpLimits.head_s` (408).
* **body**: the application runs and the body arrives, at the pace at which the application receives it. The time for it
  is the application's to limit.
* **answering**: the whole request is here. Bytes of the next request wait, 64 KiB at most; more of them cost the
  connection.
* **draining a body**: the answer is complete and the rest of a short body still arrives; it is read and dropped, for
  `HttpLimits.head_s` at most. A long or chunked rest is not waited for: the answer announces the close.
* **half-closed**: the client has ended its side while an answer is due. The connection ends behind it.
  A probe tells a client that waits from one that is gone (`half_close.py`).
* **leaving**: nothing more is read. Bytes that were written are sent; what still arrives is dropped.

The end of a connection, by its actor:

* The **client** ends it: the cycle finds its client gone (`receive` and `when_client_leaves` say so), the application
  settles, nothing more is written.
* The **connection** ends it (`leave`): behind an answer that announced the close, after a refusal, at a deadline.
  A client that neither reads nor leaves is cut off: after 2 s, or `HttpLimits.unread_s` while bytes are unsent.
* The **application** ends it when it raises or returns before its answer is complete: 500 if nothing was written, else
  the connection is cut, so that a client never takes a part for the whole.
* The **server** ends it in a drain: connections at rest when the listeners close, the others behind their answer; a
  second after `Drain.expired` their tasks are cancelled, and another second later their transports are aborted.
"""
