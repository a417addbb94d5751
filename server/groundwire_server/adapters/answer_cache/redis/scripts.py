"""What Redis runs for earlier answers: each script is one round trip, and nothing comes between its steps.

An answer is a hash with a time to live. Beside the answers stand, for all of them, when each was used last and when it
ends, as sorted sets, and how large each is, with the sums, as a hash; and for each tenant, when each was used last. An
answer is named there by its tenant's digest, a point and its own. What has ended by itself leaves these with the next
answer that is kept, and all of them end when none is kept any more.
"""

from typing import Final

_ANSWER: Final = "answer"
_MARKS: Final = "marks"
"""The fields of an answer's hash."""

_MOST_ENDED: Final = 100
_MOST_EVICTED: Final = 1_000
"""Answers that one call takes away: the next goes on."""

GET: Final = f"""
local found = redis.call('HGET', KEYS[1], '{_ANSWER}')
if found then
  local time = redis.call('TIME')
  local now = time[1] * 1000000 + time[2]
  -- A Redis without memory refuses to note it; the answer is there all the same.
  redis.pcall('ZADD', KEYS[2], 'XX', now, ARGV[1])
  redis.pcall('ZADD', KEYS[3], 'XX', now, ARGV[1])
end
return found
"""
"""Returns an answer and notes that it was used; nil without one."""

FORGET: Final = """
local time = redis.call('TIME')
redis.call('SET', KEYS[1], string.format('%.0f', time[1] * 1000000 + time[2]), 'PX', ARGV[1])
return 1
"""
"""Notes that answers of a tenant are forgotten, so that none is kept that was begun before."""

MARKS: Final = f"""
local found = {{}}
for i, key in ipairs(KEYS) do found[i] = redis.call('HGET', key, '{_MARKS}') end
return found
"""
"""Returns the marks of answers; nil for one that is gone."""

_DROP: Final = """
local prefix = ARGV[1]
local used, ends, sizes = prefix .. 'used', prefix .. 'ends', prefix .. 'sizes'

local function drop(name)
  local tenant = string.match(name, '^[^.]*')
  local size = redis.call('HGET', sizes, name)
  redis.call('ZREM', used, name)
  redis.call('ZREM', ends, name)
  redis.call('ZREM', prefix .. 'used:' .. tenant, name)
  if size then
    redis.call('HDEL', sizes, name)
    redis.call('HINCRBY', sizes, '', -size)
    if redis.call('HINCRBY', sizes, tenant, -size) == 0 then redis.call('HDEL', sizes, tenant) end
  end
  return redis.call('UNLINK', prefix .. 'answer:' .. name)
end
"""

DROP: Final = (
    _DROP
    + """
local count = 0
for i = 2, #ARGV do count = count + drop(ARGV[i]) end
return count
"""
)
"""Forgets answers by their names; returns how many there were."""

PUT: Final = (
    _DROP
    + f"""
local name, tenant, answer, marks = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local lasts, size = tonumber(ARGV[6]), tonumber(ARGV[7])
local tenant_entries, tenant_bytes = tonumber(ARGV[8]), tonumber(ARGV[9])
local entries, bytes = tonumber(ARGV[10]), tonumber(ARGV[11])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local of_tenant = prefix .. 'used:' .. tenant

local function counted(of_share, of_all)
  return {{of_share, of_all, redis.call('ZCARD', used), tonumber(redis.call('HGET', sizes, '') or 0)}}
end

local forgotten = ARGV[13] ~= '' and redis.call('GET', ARGV[12])
if forgotten and now - tonumber(ARGV[13]) <= tonumber(forgotten) then return counted(0, 0) end

-- First what a Redis without memory refuses: after another write of the script it would not.
redis.call('HSET', prefix .. 'answer:' .. name, '{_ANSWER}', answer, '{_MARKS}', marks)
redis.call('PEXPIRE', prefix .. 'answer:' .. name, lasts)
redis.call('ZADD', used, now, name)
redis.call('ZADD', of_tenant, now, name)
redis.call('ZADD', ends, now + lasts * 1000, name)
local grown = size - tonumber(redis.call('HGET', sizes, name) or 0)
redis.call('HSET', sizes, name, size)
redis.call('HINCRBY', sizes, '', grown)
redis.call('HINCRBY', sizes, tenant, grown)
for _, key in ipairs({{used, of_tenant, ends, sizes}}) do redis.call('PEXPIRE', key, lasts) end
for _, ended in ipairs(redis.call('ZRANGEBYSCORE', ends, '-inf', now, 'LIMIT', 0, {_MOST_ENDED})) do drop(ended) end

local function full(set, field, most, most_bytes)
  return redis.call('ZCARD', set) > most or tonumber(redis.call('HGET', sizes, field) or 0) > most_bytes
end

local function evict(set, field, most, most_bytes)
  local count = 0
  while count < {_MOST_EVICTED} and full(set, field, most, most_bytes) do
    local oldest = redis.call('ZRANGE', set, 0, 0)[1]
    if not oldest then break end
    drop(oldest)
    count = count + 1
  end
  return count
end

local of_share = evict(of_tenant, tenant, tenant_entries, tenant_bytes)
local of_all = evict(used, '', entries, bytes)
return counted(of_share, of_all)
"""
)
"""Keeps an answer, unless answers of its tenant were forgotten since it was begun.

Returns how many made room in the tenant's share and in all, how many are left, and their bytes.
"""
