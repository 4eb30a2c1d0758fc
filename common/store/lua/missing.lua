#!lua flags=allow-oom
-- Which of the jobs ARGV are to be put in (again): not live, or their budgets unknown (putting in seeds them). => 1 | 0 each
local out = {}
for i, id in ipairs(ARGV) do
  local j = job(id)
  local live = j.state and j.state ~= 'dead' and budget(j.domain).known and budget(app_of(j.domain)).known
  out[i] = live and 0 or 1
end
flush()
return out
