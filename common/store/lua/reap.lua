#!lua flags=allow-oom
-- What time alone brings: leases that are over, delayed jobs that are due, open calls nobody speaks for, buckets that leave
-- their window (so that `used` is right for those who only look). ARGV: limit of each => {reaped, promoted}
local limit, reaped, suspects = n(ARGV[1]), 0, 0
local HOUR, DAY = 3600000, 86400000

-- A clock that stepped back left instants ahead: none is further ahead than if it were set now. What is furthest ahead tells.
local function set_back(index, latest)
  local key = P .. ':' .. index
  local last = call('ZRANGE', key, 0, 0, 'REV', 'WITHSCORES')
  if not last[1] or n(last[2]) <= latest(last[1]) then return end
  for _, id in ipairs(call('ZRANGE', key, ms, '+inf', 'BYSCORE')) do call('ZADD', key, 'XX', 'LT', latest(id), id) end
end
local function after(field)
  return function(id) return ms + (tonumber(call('HGET', job_key(id), field) or '') or DAY) end
end
set_back('lease', after('lease_ms'))
set_back('delayed', after('delay_ms'))
set_back('flying', function() return ms + HOUR end) -- no lease is longer

local APART = 8 -- groups of suspects

-- To the head of its list. A job lost for the second time may be what kills its workers: suspects start half a lease apart,
-- or those that only lay beside it would be started beside it each time, until they are taken for poison too.
local function take_back(j)
  let_go(j, 0, true)
  local wait = 0
  if n(j.deliveries) > 1 then
    wait = math.floor(suspects % APART * n(j.lease_ms) / 2)
    suspects = suspects + 1
  end
  if wait == 0 then
    ready(j, true)
  else
    call('HSET', job_key(j.id), 'state', 'delayed', 'delay_ms', wait)
    call('ZADD', P .. ':delayed', ms + wait, j.id)
  end
end

for _, id in ipairs(call('ZRANGE', P .. ':lease', '-inf', ms, 'BYSCORE', 'LIMIT', 0, limit)) do
  local j = job(id)
  if j.state == 'leased' then
    take_back(j)
    reaped = reaped + 1
  else
    call('ZREM', P .. ':lease', id)
  end
end
for _, call_of in ipairs(call('ZRANGE', P .. ':flying', '-inf', ms, 'BYSCORE', 'LIMIT', 0, limit)) do
  local domain, _, open, of_life = string.match(call_of, '^(%S+) (%S+) (%d+) (%d+)$')
  settle(domain, of_life, n(open), 0)
  call('ZREM', P .. ':flying', call_of)
end
for _, scope in ipairs(call('ZRANGE', P .. ':rolling', '-inf', now, 'BYSCORE', 'LIMIT', 0, limit)) do
  if not budget(scope).known then call('ZREM', P .. ':rolling', scope) end
end
local promoted = promote(limit)
wake(reaped + promoted)
call('ZREMRANGEBYSCORE', P .. ':workers', '-inf', ms - 60000)
if reaped > 0 then count('reaped', reaped) end
flush()
return { reaped, promoted }
