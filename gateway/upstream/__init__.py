"""The way out: the only room that opens connections to providers.

`client` is what the exchange speaks to; `engine` is the transport behind it and `wire` its
connections; `targets` are addresses and credentials. Rules: a call is sent once or not
at all, goes only where its URL says, and nothing of it or of its reply outlives it here. No clock, no policy, no
parsing of bodies.
"""
