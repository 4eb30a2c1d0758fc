#!lua flags=allow-oom
-- When runs under way will be done. ARGV: run_id calls_left eta_seconds ('' = held), milliseconds until it goes on ('' = at once) …; a
-- provider's block of one of its scopes counts too: its scopes stand before: ARGV[i + 4] account, ARGV[i + 5] app.
for i = 1, #ARGV, 6 do
  local key = P .. ':run:' .. ARGV[i]
  local status = call('HGET', key, 'status')
  if status == 'running' or status == 'queued' then
    local blocked = math.max(n(call('HGET', budget_key(ARGV[i + 4]), 'blocked_until')),
                             n(call('HGET', budget_key(ARGV[i + 5]), 'blocked_until')))
    local parked = ARGV[i + 3] ~= '' and ms + n(ARGV[i + 3]) or 0
    local wait = math.max(0, blocked - ms)
    local held = ARGV[i + 2] == ''
    parked = math.max(parked, wait > 0 and not held and blocked or 0)
    call('HSET', key, 'calls_left', ARGV[i + 1], 'eta_seconds', held and '' or n(ARGV[i + 2]) + math.ceil(wait / 1000),
         'parked_until', parked > 0 and parked or '')
  end
end
return 1
