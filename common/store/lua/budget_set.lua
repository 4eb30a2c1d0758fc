#!lua flags=allow-oom
-- Limit, window and block of the budgets that there are. ARGV: scope limit window_ms blocked_ms allowed, for each
-- => {life, wait_ms, 1 known | 0 missing, …}: the missing ones may be seeded from what the ledger says after wait_ms
if not life() then
  the_life = tostring(ms)
  call('HSET', P .. ':life', 'server', server(), 'since', the_life, 'settled_at', ms + SETTLING)
end
local settled_at = n(call('HGET', P .. ':life', 'settled_at') or life() + SETTLING)
if settled_at > ms + SETTLING then -- the clock stepped back
  settled_at = ms + SETTLING
  call('HSET', P .. ':life', 'settled_at', settled_at)
end
local out = { life(), math.max(0, settled_at - ms) }

local function change(b, limit, window_ms)
  local width = math.ceil(window_ms * 1000 / BUCKETS)
  if width ~= b.width then -- other buckets
    b.width = width
    count_anew(b)
    call('HSET', b.key, 'width', width, 'window_seconds', window_ms / 1000)
    unpark(b.scope)
  end
  if limit ~= b.limit then
    b.limit = limit
    call('HSET', b.key, 'limit', limit)
    unpark(b.scope)
  end
end

for i = 1, #ARGV, 5 do
  local b, allowed = budget(ARGV[i]), n(ARGV[i + 4])
  if b.known then
    change(b, within(n(ARGV[i + 1]), allowed), n(ARGV[i + 2]))
    call('HSET', b.key, 'learned_limit', allowed)
    block(b, n(ARGV[i + 3]))
  end
  out[#out + 1] = b.known and 1 or 0
end
flush()
return out
