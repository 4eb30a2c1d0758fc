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
local LANES = { 'high', 'normal', 'low' } -- in this order
local BURST = 20 -- so many calls may be ahead of the pace, or a quarter of the limit
local HEARD = 300000000 -- microseconds for which a provider's word of its own quota counts, if the window is no shorter
local SLOW, PROBE = 75, 95 -- percent of it: from here calls are stretched; from here one a minute asks how it stands
local MINUTE = 60000000
local SERVES = 15 * MINUTE -- a provider's cursor
local BLOCK_MAX = 7 * 1440 * MINUTE -- no block that a provider states is believed for longer

local function n(x) return tonumber(x) or 0 end
local RANK = { high = 1, normal = 2, low = 3 }
local function before(lane, other) return RANK[lane] < (RANK[other] or 0) end
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

-- All that was counted is counted from now.
local function count_anew(b)
  for slot = 0, SLOTS - 1 do call('HDEL', b.key, 'b' .. slot) end
  b.here, b.last, b.dirty, b.moved = b.used - b.open, math.floor(now / b.width), true, true
  call('HSET', b.key, 'last', b.last, 'b' .. b.last % SLOTS, b.here)
end

-- Takes the buckets that left the window out of it. A clock that steps back stays in the bucket that was last, unless that
-- is more than a window ahead: nothing would leave it until the clock is there again.
local function roll(b)
  local at, gone = math.floor(now / b.width), {}
  if at < b.last - BUCKETS then
    count_anew(b)
    return
  end
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

local function pace_of(limit, width) return limit > 0 and math.ceil(width * BUCKETS / (2 * limit)) or 0 end
local function burst_of(limit) return math.max(BURST, math.floor(limit / 4)) end
local function pace(b) return pace_of(b.limit, b.width) end

-- Neither can calls be ahead of the pace by more than a burst, nor the last one in the future, nor is any block so long: the
-- clock stepped back, or the limit is another one.
local function step_back(b)
  if b.blocked > now + BLOCK_MAX then
    b.blocked = now + BLOCK_MAX
    call('HSET', b.key, 'blocked_until', math.ceil(b.blocked / 1000))
  end
  local most = now + burst_of(b.limit) * pace(b)
  if b.spent <= most and b.called <= now then return end
  b.spent, b.called, b.dirty = math.min(b.spent, most), math.min(b.called, now), true
end

-- One scope's budget, read once and written once (flush): limit 0 = none of our own; used = open calls + those that ended,
-- each in the bucket in which it ended. The pacer is one number: spent_at, the instant at which all calls so far would
-- have been made had they come one a pace (half of the mean distance that the limit allows). A burst of calls may be ahead
-- of it; of the high lane, which keeps no pace, no more are counted.
local BUDGET = { 'life', 'limit', 'width', 'used', 'open', 'last', 'blocked_until', 'spent_at', 'called_at', 'called_before',
  'usage_percent', 'usage_at', 'promised_high', 'promised_normal', 'promised_low' }
local function budget(scope)
  if budgets[scope] then return budgets[scope] end
  local h = call('HMGET', budget_key(scope), unpack(BUDGET))
  local b = { scope = scope, key = budget_key(scope), known = life() and h[1] == life(), limit = n(h[2]), width = n(h[3]),
    used = n(h[4]), open = n(h[5]), last = n(h[6]), blocked = n(h[7]) * 1000, spent = n(h[8]), called = n(h[9]),
    before = n(h[10]), usage = tonumber(h[11]), heard = n(h[12]) * 1000, here = 0,
    promised = { high = n(h[13]), normal = n(h[14]), low = n(h[15]) } }
  if b.known then
    roll(b)
    step_back(b)
  end
  budgets[scope] = b
  return b
end

-- When the pacer has a call for work that nobody waits for.
local function paced_at(b, lane)
  if lane == 'high' or b.limit == 0 then return 0 end
  return math.max(now, b.spent) + (1 - burst_of(b.limit)) * pace(b)
end

-- The provider's last word on its own quota; nil when it is too old, or of a clock that stepped back since.
local function fresh_for(b) return math.min(HEARD, b.width * BUCKETS) end
local function usage(b) return b.usage and math.abs(now - b.heard) < fresh_for(b) and b.usage end

-- When a call is far enough from the last one, as near its own quota as the provider says we are. Without a limit of ours
-- the pace is guessed from what our calls have brought it to.
local function stretched_at(b)
  local percent = usage(b)
  if not percent or percent < SLOW then return 0 end
  local gap = MINUTE
  if percent < PROBE then
    local own = b.limit > 0 and pace(b) or b.width * BUCKETS * percent / 200 / math.max(1, b.used)
    gap = math.min(MINUTE, own * (1 + (percent - SLOW) / 5)) -- twice at 80, four times at 90
  end
  return math.ceil(math.min(b.called + gap, b.heard + fresh_for(b)))
end

-- Percent of the provider's quota that our own calls cannot explain; '' when it cannot be known.
local function foreign(b)
  return usage(b) and b.limit > 0 and math.max(0, math.floor(b.usage - 100 * b.used / b.limit + 0.5)) or ''
end

-- All but the high lane leave a twentieth of the window to the high one.
local function room_of(b, lane) return b.limit - (lane == 'high' and 0 or math.floor(b.limit / 20)) end

-- When the window has room for so many more calls (one). Open calls leave it a whole window after they ended, so not
-- before the bucket of now does.
local function window_at(b, lane, calls)
  local left = b.used - room_of(b, lane) + (calls or 1)
  if b.limit == 0 or left <= 0 then return 0 end
  local names, first = {}, b.last - BUCKETS
  for x = first, b.last - 1 do names[#names + 1] = 'b' .. x % SLOTS end
  for i, calls in ipairs(call('HMGET', b.key, unpack(names))) do
    left = left - n(calls)
    if left <= 0 then return (first + i - 1 + BUCKETS + 1) * b.width end
  end
  return (b.last + BUCKETS + 1) * b.width
end

-- The microsecond from which one more call is allowed, and why not before: the latest of all reasons to wait. At most now:
-- allowed. The budget says it too, for people.
local function allowed_at(scope, lane)
  local b = budget(scope)
  if not b.known then return now + UNKNOWN_PAUSE, 'not known' end
  local window, paced, stretched = window_at(b, lane), paced_at(b, lane), stretched_at(b)
  local at = math.max(b.blocked, window, paced, stretched)
  local why = at == b.blocked and 'blocked' or at == window and 'budget spent' or at == stretched and 'stretched' or 'paced'
  if at > now then b.parked, b.why = at, why end
  return at, why
end

-- Of an account and its app.
local function both_allowed_at(domain, lane)
  local at, app_at = allowed_at(domain, lane), allowed_at(app_of(domain), lane)
  return math.max(at, app_at)
end

local function take(scope)
  local b = budget(scope)
  b.open, b.used, b.dirty = b.open + 1, b.used + 1, true
  b.before, b.called = b.called, now
  b.spent = math.min(math.max(now, b.spent) + pace(b), now + burst_of(b.limit) * pace(b))
end

-- Calls that slices which are begun are still going to make, as far as is known, kept from the first claim until the job
-- is gone. A lane counts its own and those of the lanes before it.
local function promise(domain, lane, calls)
  for _, scope in ipairs({ domain, app_of(domain) }) do
    local b = budget(scope)
    b.promised[lane], b.dirty = math.max(0, b.promised[lane] + calls), true
  end
end
local function promised(b, lane)
  local sum = 0
  for i = 1, RANK[lane] do sum = sum + b.promised[LANES[i]] end
  return sum
end
-- Calls that a job takes to its end, with an eighth for rows that nobody expected.
local function calls_of(j) return math.max(1, n(j.left) + math.floor(n(j.left) / 8)) end
local function holds_promise(j) return j.begun_in and j.begun_in == life() end
-- A slice goes on where it stopped while the provider's cursor serves.
local function is_begun(j)
  local b = budget(j.domain)
  return holds_promise(j) and (j.state == 'leased' or now - n(j.paused_at) * 1000 <= math.min(SERVES, b.width * BUCKETS / 4))
end

-- A call of those promised is made.
local function keep_promise(j)
  if not holds_promise(j) or n(j.promised) == 0 then return end
  promise(j.domain, j.lane, -1)
  call('HSET', job_key(j.id), 'promised', n(j.promised) - 1)
end

-- When a job may go: one that is begun as soon as it gets a call. Another not before the windows have room for all of its
-- calls beside those promised, or three quarters of them are free: a slice that stops for an hour in the middle is read
-- again from its first page, so few are begun and those are finished.
local function begin_at(j)
  local at = 0
  for _, scope in ipairs(is_begun(j) and {} or { j.domain, app_of(j.domain) }) do
    local b = budget(scope)
    local calls = math.min(calls_of(j), math.max(1, math.floor(room_of(b, j.lane) * 3 / 4)))
    local others = promised(b, j.lane) - (holds_promise(j) and n(j.promised) or 0)
    -- What is promised may be more than a limit that became smaller: the whole window is enough for anybody.
    local free = window_at(b, j.lane, math.min(math.max(0, others) + calls, math.max(1, room_of(b, j.lane))))
    if free > now then b.parked, b.why = free, 'budget spent' end
    at = math.max(at, free)
  end
  return at
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
    if refunded > 0 then b.spent, b.called = b.spent - refunded * pace(b), b.before end
  end
  if refunded > 0 then unpark(domain) end
end

local function block(b, blocked_ms)
  if blocked_ms <= 0 or now + blocked_ms * 1000 <= b.blocked then return end
  b.blocked = now + blocked_ms * 1000
  call('HSET', b.key, 'blocked_until', math.ceil(b.blocked / 1000))
end

-- What refusals taught (0: nothing) counts when it is less than the limit that is set.
local function within(limit, allowed) return allowed > 0 and limit > 0 and math.min(limit, allowed) or limit end

-- What an answer said of one quota of the provider's: how much of it is used (-1: nothing), and for how long it wants no
-- call. Blocks are never shortened. Its percentage is never booked into ours: what our calls do not explain, others made.
local function hear(scope, percent, blocked_ms)
  local b = budget(scope)
  if percent >= 0 then
    local eased = percent < (usage(b) or 0) and stretched_at(b) > now
    b.usage, b.heard = percent, ms * 1000
    call('HSET', b.key, 'usage_percent', percent, 'usage_at', ms, 'foreign_percent', foreign(b))
    if eased then unpark(scope) end
  end
  block(b, blocked_ms)
end

-- A refusal taught how many calls an account allows in a window.
local function learn(b, allowed)
  if allowed <= 0 or not b.known then return end
  b.limit = within(b.limit, allowed)
  call('HSET', b.key, 'limit', b.limit, 'learned_limit', allowed)
end

-- ARGV from `first` on: percent and milliseconds of the account's quota, then of the app's; calls that the account allows.
local function feedback(domain, first)
  hear(domain, n(ARGV[first]), n(ARGV[first + 1]))
  hear(app_of(domain), n(ARGV[first + 2]), n(ARGV[first + 3]))
  learn(budget(domain), n(ARGV[first + 4]))
end

local function flush()
  for _, b in pairs(budgets) do
    if b.known and b.dirty then
      call('HSET', b.key, 'used', b.used, 'open', b.open, 'b' .. b.last % SLOTS, b.here, 'spent_at', b.spent,
        'called_at', b.called, 'called_before', b.before, 'promised_high', b.promised.high,
        'promised_normal', b.promised.normal, 'promised_low', b.promised.low)
      if b.moved and b.used > b.open then call('ZADD', P .. ':rolling', (b.last + 1) * b.width, b.scope)
      elseif b.moved then call('ZREM', P .. ':rolling', b.scope) end
    end
    if b.parked then call('HSET', b.key, 'next_call_at', math.ceil(b.parked / 1000), 'parked_by', b.why) end
  end
  for name, by in pairs(counts) do call('HINCRBY', P .. ':stats', name, by) end
end

local JOB = { 'state', 'token', 'domain', 'connection_id', 'lane', 'deliveries', 'open', 'life', 'lease_ms', 'turn',
  'called_at', 'left', 'promised', 'begun_in', 'paused_at' }
local function job(id)
  local h, j = call('HMGET', job_key(id), unpack(JOB)), { id = id }
  for i, name in ipairs(JOB) do j[name] = h[i] end
  j.open = n(j.open)
  return j
end

-- The job if this delivery holds it; else nil, and what its answer said of the provider (ARGV from `said` on) is still heard.
local function held(id, token, said)
  local j = job(id)
  if j.domain and said then feedback(j.domain, said) end
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

-- A slice that is begun ends, or is given up.
local function unpromise(j)
  if holds_promise(j) and n(j.promised) > 0 then
    promise(j.domain, j.lane, -n(j.promised))
    unpark(j.domain)
  end
  call('HDEL', job_key(j.id), 'promised', 'begun_in')
end

-- Ends a delivery: its open calls count as ended but for the refunded ones. A job that goes on forgets its token.
local function let_go(j, refunded, goes_on)
  refunded = math.min(refunded, j.open)
  settle(j.domain, j.life, j.open - refunded, refunded)
  call('ZREM', P .. ':lease', j.id)
  if goes_on then
    call('HSET', job_key(j.id), 'paused_at', ms)
    call('HDEL', job_key(j.id), 'token', 'worker', 'leased_at', 'lease_ms', 'open', 'life', 'turn', 'called_at', 'page',
      'rows')
  else
    unpromise(j)
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
  unpromise(j)
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
