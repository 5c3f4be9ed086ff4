"""Scripts of the audit: they list the members of the shared counters, show counters, and strike a member off.

Each begins with the opening of the scripts of the books. ARGV[1] is `member/session` there; whoever
only looks is nobody, `/`. A key is named by what it begins with and a member, as where a lease is renewed.
"""

from __future__ import annotations

from typing import Final

from gateway.stores.books.redis_scripts import OPENING
from gateway.stores.redis.scripts import Script

# KEYS state, leases, members. ARGV nobody; what the keys of holds and of lapsed holds begin with. Says the generation;
# for each member its name, the generation in which it joined, 1 if it is alive, and how many holds and lapsed holds.
MEMBERS: Final = Script(
    OPENING
    + """
local found = answer('members', state[1] or '')
local all = redis.call('HGETALL', KEYS[3])
for at = 1, #all, 2 do
  local lease = redis.call('ZSCORE', KEYS[2], all[at])
  found[#found + 1] = all[at]
  found[#found + 1] = all[at + 1]
  found[#found + 1] = lease and tonumber(lease) > tonumber(seconds) and '1' or '0'
  found[#found + 1] = tostring(redis.call('HLEN', ARGV[2] .. all[at]))
  found[#found + 1] = tostring(redis.call('HLEN', ARGV[3] .. all[at]))
end
return found
"""
)

# KEYS state, leases, members, then accounts. ARGV nobody; what the keys of holds begin with. For each account how many
# fields it has, then name and value of each, then what open holds come to in it: billions, and the rest of them, so
# that no sum reaches 2^53.
ACCOUNTS: Final = Script(
    OPENING
    + """
local whose, sums = {}, {}
for _, member in ipairs(redis.call('HKEYS', KEYS[3])) do whose[member] = true end
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '+inf')) do whose[member] = true end
for member in pairs(whose) do
  for _, record in ipairs(redis.call('HVALS', ARGV[2] .. member)) do
    each_account(record, function(key, amount)
      local sum = sums[key] or {0, 0}
      sum[1] = sum[1] + math.floor(tonumber(amount) / 1000000000)
      sum[2] = sum[2] + tonumber(amount) % 1000000000
      sums[key] = sum
    end)
  end
end
local found = answer('accounts')
for at = 4, #KEYS do
  local fields, sum = redis.call('HGETALL', KEYS[at]), sums[KEYS[at]] or {0, 0}
  found[#found + 1] = tostring(#fields / 2)
  for _, text in ipairs(fields) do found[#found + 1] = text end
  found[#found + 1] = string.format('%.0f', sum[1])
  found[#found + 1] = string.format('%.0f', sum[2])
end
return found
"""
)

# KEYS state, leases, members. ARGV who is struck off; what the keys of holds and of lapsed holds begin with. Says
# whether it had joined in this generation. What it had spent stays in the counters; what it held counts as spent, as
# if its lease had ended, until it joins again after all.
FORGET: Final = Script(
    OPENING
    + """
local joined = redis.call('HGET', KEYS[3], member)
if not joined then return answer('unknown') end
local lease = redis.call('ZSCORE', KEYS[2], member)
if lease and tonumber(lease) > tonumber(seconds) then return answer('alive') end
wrote()
lapse(member, ARGV[2], ARGV[3])
redis.call('HDEL', KEYS[3], member)
redis.call('HDEL', KEYS[1], 's:' .. member)
recount(KEYS[3])
return answer('forgotten', joined == state[1] and 'joined' or 'missing')
"""
)
