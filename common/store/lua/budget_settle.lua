#!lua flags=allow-oom
-- A call that budget_take granted has ended, or never left. ARGV: domain sent, and what its answer said (feedback)
local domain, sent = ARGV[1], ARGV[2] == '1'
feedback(domain, 3)
for i = 1, life() and TAKES or 0 do
  if call('ZREM', P .. ':flying', take_name(domain, i)) == 1 then
    settle(domain, life(), sent and 1 or 0, sent and 0 or 1)
    break
  end
end
flush()
return 1
