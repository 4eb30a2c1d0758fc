#!lua flags=allow-oom
-- Settles the call before and takes one more, for the next page.
-- ARGV: id token ended refunded, what the answer said (feedback)
-- => {1 granted | 0 not now | -1 stale, retry_ms: 0 = others wait for the slot}
local j = held(ARGV[1], ARGV[2], 5)
if not j then
  flush()
  return { -1, 0 }
end
local TURN = 2     -- calls that a job makes before those get the slot that wait for it longer
local LOOKS = 4    -- at so many of those who wait, in each lane
local CROWD = 50   -- so many of them for each slot, and their turn would not come before the provider's cursors expire

-- Is there a job on top of what a domain has?
local function has_work(domain, lane)
  local connection = call('ZRANGE', members_key(domain, lane), 0, 0)[1]
  return connection and call('LLEN', list_key(connection, lane)) > 0
end

local function waits(lane, since, but)
  for _, domain in ipairs(call('ZRANGE', gate_key(lane), '-inf', since, 'BYSCORE', 'LIMIT', 0, LOOKS)) do
    if domain ~= but and has_work(domain, lane) and both_allowed_at(domain, lane) <= now then return true end
  end
end

-- Another connection of the account, with fewer calls.
local function sibling_waits()
  local first = call('ZRANGE', members_key(j.domain, j.lane), 0, 0, 'WITHSCORES')
  local own = call('ZSCORE', members_key(j.domain, j.lane), j.connection_id)
  return own and first[1] ~= j.connection_id and own - first[2] >= TURN and has_work(j.domain, j.lane)
end

-- Whether the slot is due to others: to any work of a lane before the job's; in its lane to newcomers, and once it had its
-- turn to those whose last call is longer ago than its account's.
local function due_to_others()
  for _, lane in ipairs(LANES) do
    if lane == j.lane then break end
    if waits(lane, now) then return true end
  end
  if sibling_waits() then return true end
  local since = now - NEWCOMER / 2
  if n(j.turn) >= TURN then since = math.min(now, n(call('ZSCORE', gate_key(j.lane), j.domain) or j.called_at)) end
  return waits(j.lane, since, j.domain) and
    call('ZCOUNT', gate_key(j.lane), '-inf', now) <= CROWD * call('ZCARD', P .. ':lease')
end

local ended = math.min(n(ARGV[3]), j.open)
local refunded = math.min(n(ARGV[4]), j.open - ended)
settle(j.domain, j.life, ended, refunded)
local open = j.life == life() and j.open - ended - refunded or 0
local at = both_allowed_at(j.domain, j.lane)
local granted = at <= now and not due_to_others()
if granted then
  take(j.domain)
  take(app_of(j.domain))
  keep_promise(j)
  call('HSET', job_key(j.id), 'open', open + 1, 'life', life(), 'turn', n(j.turn) + 1,
    'called_at', now)
  call('ZADD', P .. ':lease', 'XX', 'GT', ms + n(j.lease_ms), j.id) -- the call must not outlive the lease
  call('ZADD', members_key(j.domain, j.lane), 'XX', 'INCR', 1, j.connection_id) -- pages count for fairness, not only claims
  call('ZADD', gate_key(j.lane), 'XX', 'GT', now, j.domain)
else
  call('HSET', job_key(j.id), 'open', open)
  if at > now then count('throttled') end
end
flush()
return { granted and 1 or 0, math.max(0, math.ceil((at - now) / 1000)) }
