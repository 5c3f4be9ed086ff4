"""The way to Redis: addresses, one connection, one pipeline of round trips, the names of keys.

Rooms above own their scripts and pass them in. On failure: `RedisUnreachable` for a round trip, `CallRefused` for one
call, `StoreRefused` for a server or an address that cannot serve the gateway. Nothing is sent twice here.
"""
