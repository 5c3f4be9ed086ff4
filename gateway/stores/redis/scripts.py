"""Scripts as values: the text, and the digest that EVALSHA takes. Each room above owns its scripts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Script:
    """Lua that Redis runs as one step. The connection loads a script when the server does not know it."""

    text: str = field(repr=False)
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        digest = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()
        object.__setattr__(self, "digest", digest)


# KEYS a key of no meaning. Fails unless this user may run every command that the scripts of all rooms run.
PROBE: Final = Script("""
local key = KEYS[1]
redis.call('TIME')
redis.call('DEL', key)
redis.call('SET', key, '', 'EX', 1)
redis.call('DEL', key)
redis.call('HSET', key, 'a', '1')
redis.call('HSETNX', key, 'a', '1')
redis.call('HINCRBY', key, 'a', '1')
redis.call('HGET', key, 'a')
redis.call('HMGET', key, 'a')
redis.call('HEXISTS', key, 'a')
redis.call('HGETALL', key)
redis.call('HKEYS', key)
redis.call('HVALS', key)
redis.call('HLEN', key)
redis.call('HDEL', key, 'b')
redis.call('EXPIRE', key, 1)
redis.call('EXISTS', key)
redis.call('DEL', key)
redis.call('ZADD', key, 1, 'a')
redis.call('ZSCORE', key, 'a')
redis.call('ZRANGEBYSCORE', key, '-inf', 1)
redis.call('ZREM', key, 'a')
return {'may'}
""")
