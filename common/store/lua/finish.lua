#!lua flags=allow-oom
-- Ends a delivery: done, drop, retry, yield or dead. The run's progress is told even when the token is stale: it comes from
-- PostgreSQL, whose own fence let the worker write.
-- ARGV: id token how delay_ms error refunded, what the answer said (feedback; five), run_id run_ended event wake_plan, field
-- value …
-- => 1 | 0 stale
local how, delay_ms, why = ARGV[3], n(ARGV[4]), ARGV[5]
local j = held(ARGV[1], ARGV[2], 7)
local DEAD_MAX = 10000

local function bury()
  unpromise(j)
  call('HSET', job_key(j.id), 'state', 'dead')
  call('ZADD', P .. ':dead', ms, j.id)
  if call('ZCARD', P .. ':dead') > DEAD_MAX then
    local oldest = call('ZPOPMIN', P .. ':dead', 2)
    for i = 1, #oldest, 2 do call('UNLINK', job_key(oldest[i])) end
  end
  count('dead')
end

if j then
  local goes_on = how ~= 'done' and how ~= 'drop'
  let_go(j, n(ARGV[6]), goes_on)
  if goes_on and why ~= '' then call('HSET', job_key(j.id), 'error', why) end
  if not goes_on then
    count(how == 'done' and 'finished' or 'fenced')
  elseif how == 'retry' then
    call('HSET', job_key(j.id), 'state', 'delayed', 'deliveries', 0, 'delay_ms', delay_ms)
    call('HINCRBY', job_key(j.id), 'attempts', 1)
    call('ZADD', P .. ':delayed', ms + delay_ms, j.id)
    count('retried')
  elseif how == 'yield' then
    call('HINCRBY', job_key(j.id), 'deliveries', -1)
    ready(j, true)
    local at = allowed_at(j.domain, j.lane)
    call('ZADD', gate_key(j.lane), 'GT', math.max(at, now), j.domain) -- who comes back is no newcomer
    if at <= now then wake(1) end
  else
    bury()
  end
end
if ARGV[12] ~= '' then tell(ARGV[12], ARGV[13], 16, ARGV[14]) end
if ARGV[15] == '1' then call('PUBLISH', P .. ':plan', '1') end
flush()
return j and 1 or 0
