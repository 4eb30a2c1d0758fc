#!lua flags=allow-oom
-- Leases up to `want` jobs, lane after lane, at most want_low of them low ones, each with one call of its account's and its app's budget.
-- ARGV: worker want want_low lease_ms nonce => {next_ms, id, token, lane, …}
local worker, want, want_low, lease_ms, nonce = ARGV[1], n(ARGV[2]), n(ARGV[3]), n(ARGV[4]), ARGV[5]
local LOOKS = want + 64 -- at most so many steps in each lane
local horizon = now + 64 -- domains that had their turn in this very microsecond are in turn again
local out, got, next_at = { 0 }, 0, math.huge

-- The next job of the connection whose turn it is; nil when what lay on top was no work: look again.
local function pop(lane, domain)
  local members = members_key(domain, lane)
  local connection = call('ZRANGE', members, 0, 0)[1]
  if not connection then
    call('ZREM', gate_key(lane), domain)
    return
  end
  local id = call('RPOP', list_key(connection, lane))
  if not id then
    call('ZREM', members, connection)
    return
  end
  local j = job(id)
  if j.state == 'ready' and j.lane == lane then return j end -- else it was removed, or moved up
end

local function lease(j)
  local token = nonce .. '.' .. got
  take(j.domain)
  take(app_of(j.domain))
  call('HSET', job_key(j.id), 'state', 'leased', 'token', token, 'worker', worker, 'leased_at', ms, 'lease_ms', lease_ms,
    'deliveries', n(j.deliveries) + 1, 'open', 1, 'life', life(), 'turn', 1,
    'called_at', now)
  call('ZADD', P .. ':lease', ms + lease_ms, j.id)
  call('ZINCRBY', members_key(j.domain, j.lane), 1, j.connection_id)
  got = got + 1
  for _, word in ipairs({ j.id, token, j.lane }) do out[#out + 1] = word end
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
      local j = pop(lane, domain)
      if j then
        lease(j)
        quota = quota - 1
        call('ZADD', gate, math.max(allowed_at(domain, lane), now + got), domain) -- spent by this call, or behind the others
      end
    end
    looks = looks + 1
  end
  local first = call('ZRANGE', gate, passed, passed, 'WITHSCORES')
  if quota > 0 and first[1] then
    local at, app_at = allowed_at(first[1], lane), allowed_at(app_of(first[1]), lane)
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
