#!lua flags=allow-oom
-- Leases up to `want` jobs, lane after lane, at most want_low of them low ones, each with one call of its account's and its app's budget.
-- ARGV: worker want want_low lease_ms nonce => {next_ms, id, token, lane, …}
local worker, want, want_low, lease_ms, nonce = ARGV[1], n(ARGV[2]), n(ARGV[3]), n(ARGV[4]), ARGV[5]
local LOOKS = want + 64 -- at most so many steps in each lane
local horizon = now + 64 -- domains that had their turn in this very microsecond are in turn again
local out, got, next_at = { 0 }, 0, math.huge

local MEMBERS = 8 -- connections of a domain that are looked at, when the first in turn may not begin a slice yet

-- The next job, of the first connection in turn that may go on or begin; nil with the instant from which one may, or with
-- 0 when what lay on top was no work: look again.
local function pick(lane, domain)
  local members, at = members_key(domain, lane), math.huge
  local connections = call('ZRANGE', members, 0, MEMBERS - 1)
  if #connections == 0 then call('ZREM', gate_key(lane), domain) end
  for _, connection in ipairs(connections) do
    local list = list_key(connection, lane)
    local id = call('LINDEX', list, -1)
    local j = id and job(id)
    if not j then
      call('ZREM', members, connection)
      return nil, 0
    end
    local works = j.state == 'ready' and j.lane == lane -- else it was removed, or moved up
    local begins = works and begin_at(j) or 0
    if begins <= now then call('RPOP', list) end
    if not works then return nil, 0 end
    if begins <= now then return j end
    at = math.min(at, begins)
  end
  return nil, at < math.huge and at or 0
end

local function lease(j)
  local token = nonce .. '.' .. got
  take(j.domain)
  take(app_of(j.domain))
  call('HSET', job_key(j.id), 'state', 'leased', 'token', token, 'worker', worker, 'leased_at', ms, 'lease_ms', lease_ms,
    'deliveries', n(j.deliveries) + 1, 'open', 1, 'life', life(), 'turn', 1, 'called_at', now)
  if is_begun(j) then
    keep_promise(j)
  else
    if holds_promise(j) then promise(j.domain, j.lane, -n(j.promised)) end
    call('HSET', job_key(j.id), 'promised', calls_of(j) - 1, 'begun_in', life())
    promise(j.domain, j.lane, calls_of(j) - 1)
  end
  call('ZADD', P .. ':lease', ms + lease_ms, j.id)
  call('ZINCRBY', members_key(j.domain, j.lane), 1, j.connection_id)
  got = got + 1
  for _, word in ipairs({ j.id, token, j.lane }) do out[#out + 1] = word end
end

-- When a domain may go: one of the jobs on top gets a call and is begun, or may begin.
local function turn_at(lane, domain)
  local at, begins = allowed_at(domain, lane), math.huge
  for _, connection in ipairs(call('ZRANGE', members_key(domain, lane), 0, MEMBERS - 1)) do
    local id = call('LINDEX', list_key(connection, lane), -1)
    local j = id and job(id)
    begins = math.min(begins, j and j.state == 'ready' and j.lane == lane and begin_at(j) or 0)
  end
  return math.max(at, begins < math.huge and begins or 0)
end

-- Steps over domains whose app may not call: they keep their turns.
local function drain(lane, quota)
  local gate, passed, looks = gate_key(lane), 0, 0
  while quota > 0 and looks < LOOKS do
    local domain = call('ZRANGE', gate, '-inf', horizon, 'BYSCORE', 'LIMIT', passed, 1)[1]
    if not domain then break end
    local app_at = allowed_at(app_of(domain), lane)
    local at = allowed_at(domain, lane)
    if app_at > now then
      passed = passed + 1
      next_at = math.min(next_at, app_at)
    elseif at > now then
      call('ZADD', gate, at, domain) -- one score moves, not its jobs
      count('throttled')
    else
      local j, begins = pick(lane, domain)
      if not j and begins > now then
        call('ZADD', gate, begins, domain)
        count('throttled')
      elseif j then
        lease(j)
        quota = quota - 1
        call('ZADD', gate, math.max(allowed_at(domain, lane), now + got), domain) -- spent by this call, or behind the others
      end
    end
    looks = looks + 1
  end
  local first = call('ZRANGE', gate, passed, passed, 'WITHSCORES')
  if quota > 0 and first[1] then
    local at, app_at = turn_at(lane, first[1]), allowed_at(app_of(first[1]), lane)
    if at < n(first[2]) and now < n(first[2]) then -- parked for longer than it must, as when the clock stepped back
      at = math.max(at, now)
      call('ZADD', gate, at, first[1])
    else
      at = n(first[2])
    end
    next_at = math.min(next_at, math.max(at, app_at))
  end
end

promote(32)
drain('high', want)
drain('normal', want - got)
drain('low', math.min(want - got, want_low))
local due = call('ZRANGE', P .. ':delayed', 0, 0, 'WITHSCORES')[2]
if due then next_at = math.min(next_at, due * 1000) end
if got > 0 then count('claimed', got) end
flush()
out[1] = next_at == math.huge and -1 or math.max(0, math.ceil((next_at - now) / 1000))
return out
