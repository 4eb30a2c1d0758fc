#!lua flags=allow-oom
-- Takes the queue apart, at most ARGV[1] of each at a time: every live job hangs in a list of a linked connection or in
-- one of three indexes. Budgets stay. => how much went; 0 = all is gone
local limit, gone = n(ARGV[1]), 0

local function remove_all(ids)
  for _, id in ipairs(ids) do remove(job(id)) end
  gone = gone + #ids
end

for _, index in ipairs({ 'lease', 'delayed', 'dead' }) do
  local ids = call('ZRANGE', P .. ':' .. index, 0, limit - 1)
  remove_all(ids)
  if #ids > 0 then call('ZREM', P .. ':' .. index, unpack(ids)) end
end
for _, lane in ipairs(LANES) do
  local domain = call('ZRANGE', gate_key(lane), 0, 0)[1]
  local connection = domain and call('ZRANGE', members_key(domain, lane), 0, 0)[1]
  if connection then
    local ids = call('RPOP', list_key(connection, lane), limit)
    if ids then remove_all(ids) else call('ZREM', members_key(domain, lane), connection) end
    gone = gone + 1
  elseif domain then
    gone = gone + call('ZREM', gate_key(lane), domain)
  end
end
flush()
return gone
