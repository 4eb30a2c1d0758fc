#!lua flags=allow-oom
-- Registers a worker and extends its leases. ARGV: worker info lease_ms, then id token page rows for each => 1 good | 0 stale each
local worker, lease_ms, out = ARGV[1], n(ARGV[3]), {}
local key = P .. ':worker:' .. worker
for name, value in pairs(cjson.decode(ARGV[2])) do call('HSET', key, name, tostring(value)) end
call('EXPIRE', key, 60)
call('ZADD', P .. ':workers', ms, worker)
for i = 4, #ARGV, 4 do
  local j = held(ARGV[i], ARGV[i + 1])
  if j then
    call('ZADD', P .. ':lease', 'XX', 'GT', ms + lease_ms, j.id)
    call('HSET', job_key(j.id), 'lease_ms', math.max(n(j.lease_ms), lease_ms), 'page', ARGV[i + 2], 'rows', ARGV[i + 3])
  end
  out[#out + 1] = j and 1 or 0
end
flush()
return out
