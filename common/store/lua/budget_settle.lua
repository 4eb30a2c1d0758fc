#!lua flags=allow-oom
-- A call that budget_take granted has ended, or never left. ARGV: domain sent usage_percent blocked_ms app_wide
local domain, sent = ARGV[1], ARGV[2] == '1'
feedback(domain, ARGV[3], ARGV[4], ARGV[5])
for i = 1, life() and TAKES or 0 do
  if call('ZREM', P .. ':flying', take_name(domain, i)) == 1 then
    settle(domain, life(), sent and 1 or 0, sent and 0 or 1)
    break
  end
end
flush()
return 1
