#!lua flags=allow-oom
-- Limit and window of the budgets that there are. ARGV: scope limit window_ms, for each
-- => {life, wait_ms, 1 known | 0 missing, …}: the missing ones may be seeded from what the ledger says after wait_ms
if not life() then
  the_life = tostring(ms)
  call('HSET', P .. ':life', 'server', server(), 'since', the_life)
end
local out = { life(), math.max(0, n(life()) + SETTLING - ms) }

local function change(b, limit, window_ms)
  local width = math.ceil(window_ms * 1000 / BUCKETS)
  if width ~= b.width then -- other buckets: all that was counted is counted from now
    for slot = 0, SLOTS - 1 do call('HDEL', b.key, 'b' .. slot) end
    b.width, b.here, b.last, b.dirty, b.moved = width, b.used - b.open, math.floor(now / width), true, true
    call('HSET', b.key, 'width', width, 'last', b.last, 'window_seconds', window_ms / 1000)
    unpark(b.scope)
  end
  if limit ~= b.limit then
    b.limit = limit
    call('HSET', b.key, 'limit', limit)
    unpark(b.scope)
  end
end

for i = 1, #ARGV, 3 do
  local b = budget(ARGV[i])
  if b.known then change(b, n(ARGV[i + 1]), n(ARGV[i + 2])) end
  out[#out + 1] = b.known and 1 or 0
end
flush()
return out
