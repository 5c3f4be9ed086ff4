"""One request with its reply: the steps of an exchange, from its first header to its receipt.

`story` tells it top to bottom; `attempt` is one try on one route; `record` writes down what happened. Rules of this
room: no HTTP, no SQL, no knowledge of who serves the client or how a provider is reached.
"""
