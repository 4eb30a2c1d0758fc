#!lua flags=allow-oom
-- Makes the budgets that are missing, with the calls of the ledger: each counts as if it ended as late as it can have.
-- ARGV: life, then scope limit window_ms blocked_ms allowed entries (age_ms calls)… for each => 1 | 0 another life has begun: ask again
local FLIGHT = 200000 -- no call lasts longer, in milliseconds
if life() ~= ARGV[1] then return 0 end

local function make(scope, limit, window_ms, blocked_ms, allowed, first, entries)
  local old = call('HMGET', budget_key(scope), 'blocked_until', 'usage_percent', 'usage_at')
  local width = math.ceil(window_ms * 1000 / BUCKETS)
  local last = math.floor(now / width)
  local used, buckets = 0, {}
  for i = first, first + 2 * entries - 2, 2 do
    local ended = now - math.max(0, n(ARGV[i]) - FLIGHT) * 1000
    local bucket = math.floor(ended / width)
    if bucket >= last - BUCKETS then
      local field = 'b' .. bucket % SLOTS
      buckets[field] = (buckets[field] or 0) + n(ARGV[i + 1])
      used = used + n(ARGV[i + 1])
    end
  end
  call('UNLINK', budget_key(scope))
  call('HSET', budget_key(scope), 'life', life(), 'limit', limit, 'learned_limit', allowed, 'width', width, 'window_seconds', window_ms / 1000,
    'used', used, 'open', 0, 'last', last, 'called_at', used > 0 and now or 0,
    'spent_at', now + math.min(used, burst_of(limit)) * pace_of(limit, width),
    'blocked_until', math.max(n(old[1]), blocked_ms > 0 and ms + blocked_ms or 0))
  if old[2] then call('HSET', budget_key(scope), 'usage_percent', old[2], 'usage_at', n(old[3])) end
  for field, calls in pairs(buckets) do call('HSET', budget_key(scope), field, calls) end
  if used > 0 then call('ZADD', P .. ':rolling', (last + 1) * width, scope) end
  unpark(scope)
end

local i = 2
while i <= #ARGV do
  local scope, entries = ARGV[i], n(ARGV[i + 5])
  if not budget(scope).known then
    local limit, allowed = n(ARGV[i + 1]), n(ARGV[i + 4])
    make(scope, within(limit, allowed), n(ARGV[i + 2]), n(ARGV[i + 3]), allowed, i + 6, entries)
  end
  i = i + 6 + 2 * entries
end
return 1
