#!lua flags=allow-oom
-- One call outside of jobs. No job holds it, so it flies under a number until it is settled, or counts as ended by itself.
-- ARGV: domain flight_ms => {1 taken | 0 not now | -1 budget missing, retry_ms}
local domain = ARGV[1]
local function number()
  for i = 1, TAKES do
    if call('ZADD', P .. ':flying', 'NX', ms + n(ARGV[2]), take_name(domain, i)) == 1 then return true end
  end
end

local app = app_of(domain)
if not budget(domain).known or not budget(app).known then return { -1, 0 } end
local at = both_allowed_at(domain, 'high')
if at <= now and not number() then at = now + UNKNOWN_PAUSE end
if at <= now then
  take(domain)
  take(app)
end
flush()
return { at <= now and 1 or 0, math.max(0, math.ceil((at - now) / 1000)) }
