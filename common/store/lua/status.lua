#!lua flags=allow-oom
-- How the queue stands. ARGV: the scopes of budgets => {ms, scheduler, {ready, leased, delayed, dead}, {worker, heartbeat, its
-- fields, …}, {scope, limit, used, window_seconds, usage_percent, blocked_until, …}}. Budgets that are not there are left out.
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

local found = {}
for _, scope in ipairs(ARGV) do
  local b = budget(scope)
  if b.known then
    local h = call('HMGET', b.key, 'window_seconds', 'usage_percent', 'blocked_until')
    for _, x in ipairs({ scope, b.limit, b.used, n(h[1]), h[2] or '', n(h[3]) }) do found[#found + 1] = x end
  end
end
flush()
return { ms, call('HGETALL', P .. ':scheduler'),
  { ready, call('ZCARD', P .. ':lease'), call('ZCARD', P .. ':delayed'), call('ZCARD', P .. ':dead') }, workers, found }
