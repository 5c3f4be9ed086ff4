"""The way out: the only room that opens connections to providers.

`calls` is the seam of the exchange; `client` is the transport behind it, with a `pool` of `connection`s per origin,
each with one `reply` at a time. `dialer` and `tunnel` make new connections by the rules of `egress`.
`targets`, `address`, `credentials` and `request` turn a call into bytes; `tokens` obtains secrets that end.
`faults` is the vocabulary of failures.

Rules: a call goes only to its target; it is sent once, and once more only where `calls` says so; nothing of a call or a
reply outlives it here. No policy, no parsing of bodies, no secret in a cache or a `repr`.
"""
