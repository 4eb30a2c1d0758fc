#!lua flags=allow-oom
-- Removes the jobs ARGV. Who works on one learns it at the next beat or grant. => how many there were
local removed = 0
for _, id in ipairs(ARGV) do
  local j = job(id)
  if j.state then
    remove(j)
    removed = removed + 1
  end
end
flush()
return removed
