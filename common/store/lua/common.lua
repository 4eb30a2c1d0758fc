-- Put before every script. KEYS[1] is the prefix of every key. Time is the server's: callers send durations only.
local P, call = KEYS[1], redis.call
local time = call('TIME')
local now = time[1] * 1000000 + time[2] -- microseconds, below 2^53
local ms = math.floor(now / 1000)

local BUCKETS = 60 -- the window is so many buckets; one more is counted, since calls fall anywhere inside theirs
local SLOTS = 64   -- fields b0 to b63 hold them in turn
local UNKNOWN_PAUSE = 1000000 -- a budget without state is looked at again after a second
local SETTLING = 3000 -- milliseconds after which a call granted in an earlier life is in PostgreSQL's ledger or never sent
local NEWCOMER = 1e12 -- before every domain that has had its turn: 11 days in microseconds
local LANES = { 'high', 'low' }

local function n(x) return tonumber(x) or 0 end
local function job_key(id) return P .. ':job:' .. id end
local function gate_key(lane) return P .. ':gate:' .. lane end
local function members_key(domain, lane) return P .. ':domain:' .. domain .. ':' .. lane end
local function list_key(connection, lane) return P .. ':ready:' .. connection .. ':' .. lane end
local function budget_key(scope) return P .. ':budget:' .. scope end
local function app_of(domain) return string.match(domain, '^[^:]*') .. ':app' end -- meta:act_1 -> meta:app

local counts, budgets = {}, {}
local function count(name, by) counts[name] = (counts[name] or 0) + (by or 1) end

-- The life of these data: false when this server is not the one that began it (a restart brings back an old snapshot or
-- loses a second) or when they are gone. Budgets of another life are not believed until they are seeded.
local the_life
local function server() return string.match(call('INFO', 'server'), 'run_id:(%x+)') end
local function life()
  if the_life == nil then
    local h = call('HMGET', P .. ':life', 'server', 'since')
    the_life = h[1] and h[1] == server() and h[2]
  end
  return the_life
end

-- Takes the buckets that left the window out of it. A clock that steps back stays in the bucket that was last.
local function roll(b)
  local at, gone = math.floor(now / b.width), {}
  if at <= b.last then
    b.here = n(call('HGET', b.key, 'b' .. b.last % SLOTS))
    return
  end
  for x = b.last - BUCKETS, math.min(b.last, at - BUCKETS - 1) do gone[#gone + 1] = 'b' .. x % SLOTS end
  for _, calls in ipairs(call('HMGET', b.key, unpack(gone))) do b.used = b.used - n(calls) end
  call('HDEL', b.key, unpack(gone))
  b.last, b.dirty, b.moved = at, true, true
  call('HSET', b.key, 'used', b.used, 'last', b.last)
end

-- One scope's budget, read once and written once (flush): limit 0 = none of our own; used = open calls + those that ended,
-- each in the bucket in which it ended.
local function budget(scope)
  if budgets[scope] then return budgets[scope] end
  local h = call('HMGET', budget_key(scope), 'life', 'limit', 'width', 'used', 'open', 'last', 'blocked_until')
  local b = { scope = scope, key = budget_key(scope), known = life() and h[1] == life(), limit = n(h[2]), width = n(h[3]),
    used = n(h[4]), open = n(h[5]), last = n(h[6]), blocked = n(h[7]) * 1000, here = 0 }
  if b.known then roll(b) end
  budgets[scope] = b
  return b
end

-- When the window has room for one more call. The low lane leaves a twentieth of it to the high one. Open calls leave it
-- a whole window after they ended, so not before the bucket of now does.
local function window_at(b, lane)
  local room = b.limit - (lane == 'low' and math.floor(b.limit / 20) or 0)
  if b.limit == 0 or b.used < room then return 0 end
  local names, first, left = {}, b.last - BUCKETS, b.used - room + 1
  for x = first, b.last - 1 do names[#names + 1] = 'b' .. x % SLOTS end
  for i, calls in ipairs(call('HMGET', b.key, unpack(names))) do
    left = left - n(calls)
    if left <= 0 then return (first + i - 1 + BUCKETS + 1) * b.width end
  end
  return (b.last + BUCKETS + 1) * b.width
end

-- The microsecond from which one more call is allowed: the latest of all reasons to wait. At most now: allowed.
local function allowed_at(scope, lane)
  local b = budget(scope)
  if not b.known then return now + UNKNOWN_PAUSE end
  return math.max(b.blocked, window_at(b, lane))
end

local function take(scope)
  local b = budget(scope)
  b.open, b.used, b.dirty = b.open + 1, b.used + 1, true
end

local function wake(workers)
  for _ = 1, math.min(workers, 64 - call('LLEN', P .. ':wake')) do call('LPUSH', P .. ':wake', 1) end
end

-- A parked domain may be looked at again.
local function unpark(domain)
  for _, lane in ipairs(LANES) do call('ZADD', gate_key(lane), 'XX', 'LT', now, domain) end
  wake(1)
end

-- The name under which the call of a budget_take flies; so many of one domain at once.
local TAKES = 64
local function take_name(domain, i) return table.concat({ domain, 'take' .. i, 1, life() }, ' ') end

-- Open calls that ended go into the bucket of now; refunded ones never left. Those of another life were in the ledger
-- when this one's budgets were made.
local function settle(domain, of_life, ended, refunded)
  if not life() or of_life ~= life() or ended + refunded == 0 then return end
  for _, scope in ipairs({ domain, app_of(domain) }) do
    local b = budget(scope)
    b.moved = b.moved or b.here == 0
    b.open, b.used, b.here, b.dirty = b.open - ended - refunded, b.used - refunded, b.here + ended, true
  end
  if refunded > 0 then unpark(domain) end
end

-- What an answer's headers said: Meta's own word for its quota, and until when it wants no call. Blocks are never shortened.
local function feedback(domain, usage_percent, blocked_ms, app_wide)
  local b = budget(app_wide == '1' and app_of(domain) or domain)
  if n(usage_percent) >= 0 then call('HSET', b.key, 'usage_percent', usage_percent) end
  local blocked = now + n(blocked_ms) * 1000
  if n(blocked_ms) > 0 and blocked > b.blocked then
    b.blocked = blocked
    call('HSET', b.key, 'blocked_until', math.ceil(blocked / 1000))
  end
end

local function flush()
  for _, b in pairs(budgets) do
    if b.known and b.dirty then
      call('HSET', b.key, 'used', b.used, 'open', b.open, 'b' .. b.last % SLOTS, b.here)
      if b.moved and b.used > b.open then call('ZADD', P .. ':rolling', (b.last + 1) * b.width, b.scope)
      elseif b.moved then call('ZREM', P .. ':rolling', b.scope) end
    end
  end
  for name, by in pairs(counts) do call('HINCRBY', P .. ':stats', name, by) end
end

local JOB = { 'state', 'token', 'domain', 'connection_id', 'lane', 'deliveries', 'open', 'life', 'lease_ms' }
local function job(id)
  local h, j = call('HMGET', job_key(id), unpack(JOB)), { id = id }
  for i, name in ipairs(JOB) do j[name] = h[i] end
  j.open = n(j.open)
  return j
end

-- The job if this delivery holds it; else nil, and what its answer said of the provider is still heard.
local function held(id, token, usage_percent, blocked_ms, app_wide)
  local j = job(id)
  if j.domain and usage_percent then feedback(j.domain, usage_percent, blocked_ms, app_wide) end
  if j.token == token then return j end -- only leased jobs have one
  count('stale')
end

-- Links a connection with work into its domain, and the domain into the gate, unless they are there. A newcomer goes
-- before those that have had their turn, but has no credit saved up.
local linked = {}
local function link(domain, connection, lane)
  local place = list_key(connection, lane)
  if linked[place] then return end
  linked[place] = true
  local first = call('ZRANGE', members_key(domain, lane), 0, 0, 'WITHSCORES')
  call('ZADD', members_key(domain, lane), 'NX', first[2] and first[2] - 0.5 or 0, connection)
  call('ZADD', gate_key(lane), 'NX', now - NEWCOMER, domain)
end

local function queue_up(id, domain, connection, lane, at_head)
  call(at_head and 'RPUSH' or 'LPUSH', list_key(connection, lane), id)
  link(domain, connection, lane)
end

local function ready(j, at_head)
  call('HSET', job_key(j.id), 'state', 'ready')
  queue_up(j.id, j.domain, j.connection_id, j.lane, at_head)
end

-- Ends a delivery: its open calls count as ended but for the refunded ones. A job that goes on forgets its token.
local function let_go(j, refunded, goes_on)
  refunded = math.min(refunded, j.open)
  settle(j.domain, j.life, j.open - refunded, refunded)
  call('ZREM', P .. ':lease', j.id)
  if goes_on then
    call('HDEL', job_key(j.id), 'token', 'worker', 'leased_at', 'lease_ms', 'open', 'life', 'page', 'rows')
  else
    call('UNLINK', job_key(j.id))
  end
end

-- Takes a live job away from whoever has it. Its open calls count until its lease would have ended: the worker may
-- still be sending.
local function remove(j)
  if j.state == 'leased' and j.open > 0 then
    call('ZADD', P .. ':flying', call('ZSCORE', P .. ':lease', j.id) or ms,
      table.concat({ j.domain, j.token, j.open, j.life }, ' '))
  end
  for _, index in ipairs({ 'lease', 'delayed', 'dead' }) do call('ZREM', P .. ':' .. index, j.id) end
  call('UNLINK', job_key(j.id)) -- what a list still holds of it is passed over when it is claimed
end

local function promote(limit)
  local due = call('ZRANGE', P .. ':delayed', '-inf', ms, 'BYSCORE', 'LIMIT', 0, limit)
  for _, id in ipairs(due) do
    local j = job(id)
    call('ZREM', P .. ':delayed', id)
    if j.state == 'delayed' then ready(j, false) end
  end
  return #due
end

-- Progress of a run for those who watch. What ended stays ended: another worker's word about the same run may come late.
local function tell(run_id, ended, fields_from, event)
  local key = P .. ':run:' .. run_id
  if ended == '1' or call('TTL', key) < 0 then
    if #ARGV >= fields_from then call('HSET', key, unpack(ARGV, fields_from)) end
    if ended == '1' then call('EXPIRE', key, 7 * 86400) end
    if event ~= '' then call('PUBLISH', P .. ':events', event) end
  end
end
