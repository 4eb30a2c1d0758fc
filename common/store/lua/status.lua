#!lua flags=allow-oom
-- How the queue stands. ARGV: the scopes of budgets => {ms, scheduler, {ready, leased, delayed, dead}, {worker, heartbeat, its
-- fields, …}, {scope, limit, used, window_seconds, usage_percent, its age in seconds, foreign_percent ('' = all three unknown),
-- blocked_until, next_call_at (0 = now), why not before, limit that refusals taught (0 = none), …}}. Budgets that are not there are left out.
local SILENT = 60000 -- milliseconds after which a worker is no longer shown

-- Places in the lists of connections with work: one whose job moved or went since counts until a claim passes it over.
local ready = 0
for _, lane in ipairs(LANES) do
  for _, domain in ipairs(call('ZRANGE', gate_key(lane), 0, -1)) do
    for _, connection in ipairs(call('ZRANGE', members_key(domain, lane), 0, -1)) do
      ready = ready + call('LLEN', list_key(connection, lane))
    end
  end
end

local workers = {}
local seen = call('ZRANGE', P .. ':workers', ms - SILENT, '+inf', 'BYSCORE', 'WITHSCORES')
for i = 1, #seen, 2 do
  local fields = call('HGETALL', P .. ':worker:' .. seen[i])
  for _, x in ipairs({ seen[i], seen[i + 1], fields }) do workers[#workers + 1] = x end
end

-- When the next call for a scope may be made: of the first lane with work, or were there some.
local function next_call(b, of_app)
  local lane = 'high'
  for i = #LANES, 1, -1 do
    local waits = of_app and call('ZCARD', gate_key(LANES[i])) > 0 or call('ZSCORE', gate_key(LANES[i]), b.scope)
    if waits then lane = LANES[i] end
  end
  return allowed_at(b.scope, lane)
end

local found = {}
for _, scope in ipairs(ARGV) do
  local b = budget(scope)
  if b.known then
    local h = call('HMGET', b.key, 'window_seconds', 'usage_percent', 'usage_at', 'foreign_percent', 'blocked_until',
      'learned_limit')
    local age = math.max(0, math.floor((ms - n(h[3])) / 1000))
    local known = h[2] and age < n(h[1]) -- of what a window ago was used nothing counts any more
    local at, why = next_call(b, scope == app_of(scope))
    for _, x in ipairs({ scope, b.limit, b.used, n(h[1]), known and h[2] or '', known and tostring(age) or '',
      known and h[4] or '', n(h[5]), at > now and math.ceil(at / 1000) or 0, at > now and why or '', n(h[6]) }) do
      found[#found + 1] = x
    end
  end
end
flush()
return { ms, call('HGETALL', P .. ':scheduler'),
  { ready, call('ZCARD', P .. ':lease'), call('ZCARD', P .. ':delayed'), call('ZCARD', P .. ':dead') }, workers, found }
