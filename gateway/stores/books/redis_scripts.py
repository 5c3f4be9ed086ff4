"""Scripts of the books in Redis: one per verb, each a single step for all processes.

State, all under one hash tag, so that a Cluster keeps it in one place:

    state               id of the generation, and the server it began on; sequence of its writes; how many members there
                        are, and are missing; s:<member>: its session, so that nothing of an earlier one is done late
    members             member -> the generation in which it last said what it had spent
    leases              member -> until when its holds are its own, in the server's time
    holds:<member>      hold -> its amount, and the accounts it counts in
    lapsed:<member>     the same of holds whose lease ended before they did
    done:<hold>         for a while: this hold has ended, and must not begin
    account:<a>:<w>     u: spent and held; h: held; m:<member>: spent by that member;
                        l:<member>: what it held when its lease ended

Lua's numbers are doubles, wrong from 2^53: money stays text and is added by HINCRBY alone; room is compared as text.
Every script is told who asks (`member/session`), in which generation, and how far its writes are known to have come.
A script stops at its first refused write and undoes nothing, so the first write of `hold` is one that a full Redis
refuses; that of `settle` and `renew` one that it allows, and what follows an allowed write is allowed too.
"""

from __future__ import annotations

from typing import Final

from gateway.stores.redis.scripts import Script

OPENING: Final = """
local seconds = redis.call('TIME')[1]
local member, session = string.match(ARGV[1], '^(.*)/(.*)$')
local state = redis.call('HMGET', KEYS[1], 'id', 'sequence', 'missing', 's:' .. member)

local function answer(word, ...)
  local now = redis.call('HMGET', KEYS[1], 'sequence', 'members')
  return {word, seconds, now[1] or '0', now[2] or '0', ...}
end

local function count(key, field, amount, sign)
  if sign .. amount ~= '-0' then
    redis.pcall('HINCRBY', key, field, sign .. amount)  -- refused near 2^63, where every budget is long used up
  end
end

local function each_account(record, visit)
  local amount = string.match(record, '^%d+')
  for lifetime, key in string.gmatch(record, '\\n(%d+) ([^\\n]+)') do
    visit(key, amount, lifetime)
  end
end

local function keep(key, lifetime)
  if lifetime ~= '0' then redis.call('EXPIRE', key, lifetime) end
end

local function set_aside(key, amount, lifetime)
  count(key, 'u', amount, '')
  count(key, 'h', amount, '')
  keep(key, lifetime)
end

local function give_back(key, amount)
  if redis.call('EXISTS', key) == 1 then
    count(key, 'h', amount, '-')
    count(key, 'u', amount, '-')
  end
end

local function wrote()
  redis.call('HINCRBY', KEYS[1], 'sequence', 1)
end

local function recount(members)
  local missing, all = 0, redis.call('HGETALL', members)
  for i = 2, #all, 2 do
    if all[i] ~= state[1] then missing = missing + 1 end
  end
  state[3] = string.format('%.0f', missing)
  redis.call('HSET', KEYS[1], 'missing', state[3], 'members', #all / 2)
end

local function lapse(gone, of_holds, of_lapsed)
  local holds = of_holds .. gone
  local records = redis.call('HGETALL', holds)
  redis.call('DEL', holds)
  redis.call('ZREM', KEYS[2], gone)
  for at = 1, #records, 2 do
    redis.call('HSET', of_lapsed .. gone, records[at], records[at + 1])
    each_account(records[at + 1], function(key, amount)
      if redis.call('EXISTS', key) == 1 then
        count(key, 'h', amount, '-')
        count(key, 'l:' .. gone, amount, '')
      end
    end)
  end
end
"""
"""Begins every script that reads the counters: the caller, the state, and the helpers of the others."""

_SAME_GENERATION: Final = """
if state[1] ~= ARGV[2] then return answer('generation') end
if tonumber(state[2]) < tonumber(ARGV[3]) then return answer('older') end
if state[4] ~= session then return answer('lapsed') end
"""

_STANDING: Final = (
    _SAME_GENERATION
    + """
local lease = redis.call('ZSCORE', KEYS[2], member)
if not lease or tonumber(lease) <= tonumber(seconds) then return answer('lapsed') end
"""
)

# KEYS state, leases, holds, done; the account of each budget. ARGV who, generation, sequence; hold, record,
# from, until; for each budget the most that may be used so far, or the limit after `~` if it is soft. Says which soft
# ones are spent, with a minus the nearly spent ones: amounts below 2^53 are exact as numbers, and no limit is above.
_HOLD: Final = """
local function fits(used, room)
  if string.sub(room, 1, 1) == '-' then return false end
  if string.sub(used, 1, 1) == '-' then return true end
  if #used ~= #room then return #used < #room end
  return used <= room
end

if state[3] ~= '0' then return answer('rebuilding', state[3]) end
if tonumber(seconds) < tonumber(ARGV[6]) or tonumber(seconds) >= tonumber(ARGV[7]) then return answer('time') end
if redis.call('HEXISTS', KEYS[3], ARGV[4]) == 1 then return answer('open') end
if redis.call('EXISTS', KEYS[4]) == 1 then return answer('done') end
local beyond = {}
for budget = 1, #KEYS - 4 do
  local now = redis.call('HMGET', KEYS[4 + budget], 'u', 'h')
  local used, held = now[1] or '0', now[2] or '0'
  local soft, room = string.match(ARGV[7 + budget], '^(~?)(.*)$')
  if soft == '~' then
    local spent = tonumber(used) - tonumber(held)
    if spent >= tonumber(room) then
      beyond[#beyond + 1] = tostring(budget)
    elseif spent >= tonumber(room) * 0.8 then
      beyond[#beyond + 1] = tostring(-budget)
    end
  elseif not fits(used, room) then
    return answer('full', tostring(budget), used, held)
  end
end
wrote()
redis.call('HSET', KEYS[3], ARGV[4], ARGV[5])
each_account(ARGV[5], set_aside)
return answer('held', unpack(beyond))
"""

# KEYS state, leases, holds, done. ARGV who, generation, sequence; hold, cost.
_SETTLE: Final = """
local record = redis.call('HGET', KEYS[3], ARGV[4])
if record then redis.call('HDEL', KEYS[3], ARGV[4]) end
redis.call('SET', KEYS[4], '', 'EX', 300)
if not record then return answer('unknown') end
wrote()
each_account(record, function(key, amount)
  if redis.call('EXISTS', key) == 1 then
    give_back(key, amount)
    count(key, 'u', ARGV[5], '')
    count(key, 'm:' .. member, ARGV[5], '')
  end
end)
return answer('settled')
"""

# KEYS state, leases, members. ARGV who, generation, sequence; seconds, what the keys of holds and of lapsed holds
# begin with. What a member held when its lease ended counts as spent until it says better: it may have been billed.
_RENEW: Final = """
redis.call('ZREM', KEYS[2], '')
redis.call('ZADD', KEYS[2], tonumber(seconds) + tonumber(ARGV[4]), member)
for _, lapsed in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', seconds)) do
  lapse(lapsed, ARGV[5], ARGV[6])
end
recount(KEYS[3])
return answer('renewed', state[3], unpack(redis.call('HKEYS', KEYS[3])))
"""

# KEYS state, leases, members. ARGV who, generation known so far, sequence; a new generation, which server this is, the
# members known so far. If Redis lost everything, or is older, all members are missing until they have joined; if it is
# another server than before (a restart, a failover), those that are heard of: it may lack what they said last. Whoever
# notices a loss sets the sequence far ahead of what anybody has seen, so that nobody takes the new for the old.
_ENTER: Final = """
local before = state[1]
local lost = not before or tonumber(state[2]) < tonumber(ARGV[3])
if lost or redis.call('HGET', KEYS[1], 'server') ~= ARGV[5] then
  state[1] = ARGV[4]
  redis.call('HSET', KEYS[1], 'id', state[1], 'server', ARGV[5])
  if lost then redis.call('HSET', KEYS[1], 'sequence', string.format('%.0f', tonumber(ARGV[3]) + 1000000)) end
  redis.call('HSETNX', KEYS[3], member, '')
  for known = 6, #ARGV do redis.call('HSETNX', KEYS[3], ARGV[known], '') end
  for _, each in ipairs(redis.call('HKEYS', KEYS[3])) do
    local lease = redis.call('ZSCORE', KEYS[2], each)
    local silent = not lease or tonumber(lease) <= tonumber(seconds)
    if not lost and silent and redis.call('HGET', KEYS[3], each) == before then
      redis.call('HSET', KEYS[3], each, state[1])
    end
  end
  recount(KEYS[3])
end
redis.call('HSET', KEYS[1], 's:' .. member, session)
return answer('entered', state[1])
"""

# KEYS state, leases, holds. ARGV who, generation, sequence; seconds; hold, record, hold, record, ...
_RESTORE: Final = """
redis.call('ZADD', KEYS[2], tonumber(seconds) + tonumber(ARGV[4]), member)
for at = 5, #ARGV, 2 do
  if redis.call('HSETNX', KEYS[3], ARGV[at], ARGV[at + 1]) == 1 then each_account(ARGV[at + 1], set_aside) end
end
wrote()
return answer('restored')
"""

# KEYS state, leases, then accounts. ARGV who, generation, sequence; per account what this member has spent in all,
# and its lifetime.
_REPLACE: Final = """
wrote()
for at = 3, #KEYS do
  local key, spent, lifetime = KEYS[at], ARGV[2 * at - 2], ARGV[2 * at - 1]
  local before = redis.call('HGET', key, 'm:' .. member) or '0'
  if before ~= spent then
    count(key, 'u', spent, '')
    count(key, 'u', before, '-')
    redis.call('HSET', key, 'm:' .. member, spent)
    keep(key, lifetime)
  end
end
return answer('replaced')
"""

# KEYS state, leases, members, holds, lapsed. ARGV who, generation, sequence; the holds that are open, and no other.
_JOIN: Final = """
local open = {}
for at = 4, #ARGV do open[ARGV[at]] = true end
wrote()
local held = redis.call('HGETALL', KEYS[4])
for at = 1, #held, 2 do
  if not open[held[at]] then
    redis.call('HDEL', KEYS[4], held[at])
    each_account(held[at + 1], give_back)
  end
end
for _, record in ipairs(redis.call('HVALS', KEYS[5])) do
  each_account(record, function(key)
    local lapsed = redis.call('HGET', key, 'l:' .. member)
    if lapsed then
      count(key, 'u', lapsed, '-')
      redis.call('HDEL', key, 'l:' .. member)
    end
  end)
end
redis.call('DEL', KEYS[5])
redis.call('HSET', KEYS[3], member, state[1])
recount(KEYS[3])
return answer('joined', state[3], unpack(redis.call('HKEYS', KEYS[3])))
"""

# KEYS state, leases, holds. ARGV who, generation, sequence.
_LEAVE: Final = """
if redis.call('HLEN', KEYS[3]) == 0 then redis.call('ZREM', KEYS[2], member) end
return answer('left')
"""

# KEYS state, leases, then accounts. ARGV who, generation, sequence. Says used and held of each.
_BALANCES: Final = """
if state[3] ~= '0' then return answer('rebuilding', state[3]) end
local found = {}
for at = 3, #KEYS do
  local now = redis.call('HMGET', KEYS[at], 'u', 'h')
  found[#found + 1] = now[1] or '0'
  found[#found + 1] = now[2] or '0'
end
return answer('balances', unpack(found))
"""

SCRIPTS: Final = {
    "hold": Script(OPENING + _STANDING + _HOLD),
    "settle": Script(OPENING + _STANDING + _SETTLE),
    "renew": Script(OPENING + _STANDING + _RENEW),
    "enter": Script(OPENING + _ENTER),
    "restore": Script(OPENING + _SAME_GENERATION + _RESTORE),
    "replace": Script(OPENING + _STANDING + _REPLACE),
    "join": Script(OPENING + _STANDING + _JOIN),
    "leave": Script(OPENING + _STANDING + _LEAVE),
    "balances": Script(OPENING + _SAME_GENERATION + _BALANCES),
}
"""Verb -> script. An answer is a word, the server's seconds, the sequence, how many members there are, and the rest."""
