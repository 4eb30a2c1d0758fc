#!lua flags=allow-oom
-- Settles the call before and takes one more, for the next page.
-- ARGV: id token ended refunded usage_percent blocked_ms app_wide => {1 granted | 0 not now | -1 stale, retry_ms}
local j = held(ARGV[1], ARGV[2], ARGV[5], ARGV[6], ARGV[7])
if not j then
  flush()
  return { -1, 0 }
end
local ended = math.min(n(ARGV[3]), j.open)
local refunded = math.min(n(ARGV[4]), j.open - ended)
settle(j.domain, j.life, ended, refunded)
local open = j.life == life() and j.open - ended - refunded or 0
local at = math.max(allowed_at(j.domain, j.lane), allowed_at(app_of(j.domain), j.lane))
if at <= now then
  take(j.domain)
  take(app_of(j.domain))
  call('HSET', job_key(j.id), 'open', open + 1, 'life', life())
  call('ZADD', P .. ':lease', 'XX', 'GT', ms + n(j.lease_ms), j.id) -- the call must not outlive the lease
  call('ZADD', members_key(j.domain, j.lane), 'XX', 'INCR', 1, j.connection_id) -- pages count for fairness, not only claims
else
  call('HSET', job_key(j.id), 'open', open)
  count('throttled')
end
flush()
return { at <= now and 1 or 0, math.max(0, math.ceil((at - now) / 1000)) }
