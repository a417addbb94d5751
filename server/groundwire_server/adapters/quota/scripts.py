"""What Redis runs for the counts of limits: each script is one round trip, and nothing comes between its steps.

The time is Redis's own. A script reads everything before it writes anything: Redis does not undo what a script wrote
before it failed. Every count has a key of its own:

- of a rate, a string: when the bucket is full again, in microseconds since 1970,
- of spending, a hash: the number `w` of the calendar window, and the amount `v` spent in it,
- of concurrent calls, a sorted set: their holders by when their leases expire.
"""

from typing import Final

from groundwire_server.domain.quota import MAX_LEASE

_COMMON: Final = f"""
local MAX_LEASE = {MAX_LEASE}
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local today = math.floor(time[1] / 86400)

local function month_of(day)
  local z = day + 719468
  local era = math.floor(z / 146097)
  local doe = z - era * 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local mp = math.floor((5 * doy + 2) / 153)
  local month = mp < 10 and mp + 3 or mp - 9
  local year = yoe + era * 400 + (month <= 2 and 1 or 0)
  return year * 12 + month - 1
end

local function window_of(calendar)
  return calendar == 'day' and today or month_of(today)
end

local function cost_of(amount, most, period)
  return math.min(math.floor(amount * (period / most)), period)
end

local function keep_bucket(key, ahead)
  redis.call('SET', key, string.format('%.0f', now + ahead), 'PX', math.floor(ahead / 1000) + 1)
end

local function keep_spent(key, calendar, window, amount)
  redis.call('HSET', key, 'w', window, 'v', string.format('%.0f', amount))
  redis.call('EXPIRE', key, calendar == 'day' and 172800 or 2764800)
end
"""

TAKE: Final = (
    _COMMON
    + """
local holder, lasts = ARGV[1], tonumber(ARGV[2])
local measures, fitting, admitted = {}, {}, 1
for i, key in ipairs(KEYS) do
  local at = 2 + (i - 1) * 5
  local kind, most, period = ARGV[at + 1], tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  local amount, enforced = tonumber(ARGV[at + 4]), ARGV[at + 5] == '1'
  local measure, fits = 0, false
  if kind == 'rate' then
    local full_at = tonumber(redis.call('GET', key) or 0)
    measure = math.max(full_at - now, 0)
    -- More than a period ahead only if the clock was set back, which must lock nobody out until it is there.
    if measure > period then measure = 0 end
    fits = measure + cost_of(math.max(amount, 1), most, period) <= period
  elseif kind == 'concurrent' then
    measure = redis.call('ZCOUNT', key, string.format('(%.0f', now), string.format('%.0f', now + MAX_LEASE))
    fits = measure < most
  else
    local kept = redis.call('HMGET', key, 'w', 'v')
    measure = tonumber(kept[1]) == window_of(kind) and tonumber(kept[2]) or 0
    fits = measure + math.max(amount, 1) <= most
  end
  measures[i], fitting[i] = measure, fits and 1 or 0
  if enforced and not fits then admitted = 0 end
end
if admitted == 1 then
  for i, key in ipairs(KEYS) do
    local at = 2 + (i - 1) * 5
    local kind, most, period = ARGV[at + 1], tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
    local amount = tonumber(ARGV[at + 4])
    if kind == 'rate' then
      if amount > 0 and fitting[i] == 1 then
        measures[i] = math.min(measures[i] + cost_of(amount, most, period), period)
        keep_bucket(key, measures[i])
      end
    elseif kind == 'concurrent' then
      if lasts > 0 and fitting[i] == 1 then
        redis.call('ZREMRANGEBYSCORE', key, '-inf', string.format('%.0f', now))
        redis.call('ZREMRANGEBYSCORE', key, string.format('(%.0f', now + MAX_LEASE), '+inf')
        redis.call('ZADD', key, string.format('%.0f', now + lasts), holder)
        redis.call('PEXPIRE', key, MAX_LEASE / 1000)
        measures[i] = measures[i] + 1
      end
    elseif amount > 0 then
      measures[i] = measures[i] + amount
      keep_spent(key, kind, window_of(kind), measures[i])
    end
  end
end
local reply = {admitted, now}
for i = 1, #KEYS do
  reply[#reply + 1] = fitting[i]
  reply[#reply + 1] = measures[i]
end
return reply
"""
)
"""Take all that is demanded, or nothing where an enforced demand does not fit.

ARGV: the lease's holder and its microseconds (0 without one), then for each key the kind of its count (`rate`,
`concurrent`, `day`, `month`), how much there is, the period, the amount, and 1 where it is enforced. The reply: whether
it was admitted, the time, and for each key whether it fitted, and its measure.
"""

SETTLE: Final = (
    _COMMON
    + """
for i, key in ipairs(KEYS) do
  local at = (i - 1) * 6
  local kind, most, period = ARGV[at + 1], tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  local reserved, used, window = tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5]), tonumber(ARGV[at + 6])
  if kind == 'rate' then
    local more = cost_of(used, most, period) - cost_of(reserved, most, period)
    local full_at = tonumber(redis.call('GET', key) or now)
    local ahead = math.min(math.max(full_at + more - now, 0), period)
    if ahead > 0 then keep_bucket(key, ahead) else redis.call('DEL', key) end
  else
    local kept = redis.call('HMGET', key, 'w', 'v')
    if not kept[1] then
      if window == window_of(kind) then keep_spent(key, kind, window, used) end
    elseif tonumber(kept[1]) == window then
      keep_spent(key, kind, window, math.max(0, tonumber(kept[2]) - reserved + used))
    end
  end
end
return 1
"""
)
"""Count what was used in place of what was reserved.

ARGV: for each key the kind of its count, how much there is, the period, what was reserved, what was used, and the
number of the window that it was reserved in.
"""
