#!lua
-- Puts jobs in. ARGV: id run connection domain kind from to lane attempts deliveries delay_ms calls, for each. => how many were new
-- Refused whole when Redis is out of memory (no allow-oom), so that there is never half a batch.
local FIELDS = 12
local added, awake, runs = 0, 0, {}

local function insert(id, run_id, connection, domain, kind, from, to, lane, attempts, deliveries, delay_ms, calls)
  local waits = n(delay_ms) > 0
  call('HSET', job_key(id), 'state', waits and 'delayed' or 'ready', 'run_id', run_id, 'connection_id', connection, 'domain',
    domain, 'kind', kind, 'from', from, 'to', to, 'lane', lane, 'attempts', attempts, 'deliveries', deliveries, 'enqueued_at', ms,
    'left', calls)
  if waits then
    call('HSET', job_key(id), 'delay_ms', delay_ms)
    call('ZADD', P .. ':delayed', ms + n(delay_ms), id)
  else
    queue_up(id, domain, connection, lane, false)
    awake = awake + 1
  end
  added, runs[run_id] = added + 1, true
end

for i = 1, #ARGV, FIELDS do
  local j = job(ARGV[i])
  if not j.state or j.state == 'dead' then
    if j.state then remove(j) end
    insert(unpack(ARGV, i, i + FIELDS - 1))
  elseif before(ARGV[i + 7], j.lane) then
    if holds_promise(j) then
      promise(j.domain, j.lane, -n(j.promised))
      promise(j.domain, ARGV[i + 7], n(j.promised))
    end
    j.lane = ARGV[i + 7]
    call('HSET', job_key(j.id), 'lane', j.lane)
    if j.state == 'ready' then -- its old place is passed over when it is reached
      ready(j, false)
      awake = awake + 1
    end
  end
end
for run_id in pairs(runs) do call('PERSIST', P .. ':run:' .. run_id) end -- with work it has not ended, whatever was said before
wake(awake)
if added > 0 then count('enqueued', added) end
flush()
return added
