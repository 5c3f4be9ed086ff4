"""The HTTP/1.1 server: framing, limits, deadlines, drain.

Rules of this room: it speaks ASGI to whatever application it is given, and knows neither a path nor a dialect.
"""
