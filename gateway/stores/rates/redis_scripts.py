"""Scripts of rates in Redis: take from every limit or from none, and give back; each a single step for all processes.

    rate:<account>:<the rate>   us, part: its horizon, in microseconds of the server's time and parts of one, as many to
                                a microsecond as the rate's amount. Gone once all has flowed back
    under-way:<account>         holder/run/exchange -> until when it counts at most, in the server's time: a process
                                that dies ends nothing; the next run of its holder does

Lua's numbers are doubles: whatever is added here stays far below 2^53, and every multiplication is done elsewhere.
"""

from __future__ import annotations

from typing import Final

from gateway.stores.redis.scripts import Script

_OPENING: Final = """
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local answer = {'', time[1], '0', '0', string.format('%.0f', now)}

local function horizon(key)
  local found = redis.call('HMGET', key, 'us', 'part')
  local us, part = tonumber(found[1] or '0'), tonumber(found[2] or '0')
  if us < now then return now, 0 end
  return us, part
end

local function plus(us, part, more_us, more_part, amount)
  us, part = us + more_us, part + more_part
  if part >= amount then us, part = us + 1, part - amount end
  return math.min(us, now + 4000000000000000), part
end

local function keep(key, us, part)
  redis.call('HSET', key, 'us', string.format('%.0f', us), 'part', string.format('%.0f', part))
  redis.call('EXPIRE', key, string.format('%.0f', math.floor((us - now) / 1000000) + 60))
end

local function say(us, part)
  answer[#answer + 1] = string.format('%.0f', us)
  answer[#answer + 1] = string.format('%.0f', part)
end
"""

# KEYS exchanges under way, then rates. ARGV exchange, how long it counts at most (seconds), how many KEYS are of
# exchanges under way; for each of these how many there may be; for each rate its amount, what is asked (us, part), and
# its burst (us, part). Says now, how many are under way, and each horizon: after it was taken, or as it is.
_TAKE: Final = """
local exchange, lease, places = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local full, after = false, {}
for at = 1, places do
  redis.call('ZREMRANGEBYSCORE', KEYS[at], '-inf', time[1])
  local count = redis.call('ZCARD', KEYS[at])
  full = full or count >= tonumber(ARGV[3 + at])
  answer[#answer + 1] = string.format('%.0f', count)
end
local passed = 3 + places
for at = places + 1, #KEYS do
  local amount, us, part = tonumber(ARGV[passed + 1]), horizon(KEYS[at])
  local more_us, more_part = tonumber(ARGV[passed + 2]), tonumber(ARGV[passed + 3])
  local burst_us, burst_part = tonumber(ARGV[passed + 4]), tonumber(ARGV[passed + 5])
  local new_us, new_part = plus(us, part, more_us, more_part, amount)
  local over = new_us - now > burst_us or (new_us - now == burst_us and new_part > burst_part)
  full = full or (over and more_us + more_part > 0)
  after[at] = {us, part, new_us, new_part}
  passed = passed + 5
end
for at = places + 1, #KEYS do
  if full then
    say(after[at][1], after[at][2])
  else
    say(after[at][3], after[at][4])
    keep(KEYS[at], after[at][3], after[at][4])
  end
end
for at = 1, full and 0 or places do
  redis.call('ZADD', KEYS[at], tonumber(time[1]) + lease, exchange)
  redis.call('EXPIRE', KEYS[at], lease)
end
answer[1] = full and 'full' or 'taken'
return answer
"""

# KEYS as above. ARGV exchange, how many KEYS are of exchanges under way; for each rate its amount, `more` or `less`, by
# how much (us, part), and its horizon right after this exchange had taken (us, part). Says now, and each horizon.
_GIVE: Final = """
local places = tonumber(ARGV[2])
for at = 1, places do redis.call('ZREM', KEYS[at], ARGV[1]) end
local passed = 2
for at = places + 1, #KEYS do
  local amount, us, part = tonumber(ARGV[passed + 1]), horizon(KEYS[at])
  local by_us, by_part = tonumber(ARGV[passed + 3]), tonumber(ARGV[passed + 4])
  if ARGV[passed + 2] == 'more' then
    us, part = plus(us, part, by_us, by_part, amount)
  else
    local own_us, own_part = tonumber(ARGV[passed + 5]) - now, tonumber(ARGV[passed + 6])
    if own_us < 0 then own_us, own_part = 0, 0 end
    if by_us > own_us or (by_us == own_us and by_part > own_part) then by_us, by_part = own_us, own_part end
    us, part = us - by_us, part - by_part
    if part < 0 then us, part = us - 1, part + amount end
  end
  if by_us + by_part > 0 then keep(KEYS[at], us, part) end
  say(us, part)
  passed = passed + 6
end
answer[1] = 'given'
return answer
"""

# KEYS of exchanges under way. ARGV how the names of a holder begin, and those of its present run: no other run of it
# lives.
_TIDY: Final = """
local holder, run = ARGV[1], ARGV[2]
for _, key in ipairs(KEYS) do
  for _, name in ipairs(redis.call('ZRANGE', key, 0, -1)) do
    local its, present = string.sub(name, 1, #holder) == holder, string.sub(name, 1, #run) == run
    if its and not present then redis.call('ZREM', key, name) end
  end
end
answer[1] = 'tidied'
return answer
"""

TAKE: Final = Script(_OPENING + _TAKE)
GIVE: Final = Script(_OPENING + _GIVE)
TIDY: Final = Script(_OPENING + _TIDY)
"""An answer is a word, the server's seconds, twice nothing, now in microseconds, and the rest."""
