#!lua flags=allow-oom
-- Which jobs are to be put in (again): not live, or of a lane too late.
-- ARGV: id lane for each => 1 | 0 each
local out = {}
for i = 1, #ARGV, 2 do
  local j = job(ARGV[i])
  local live = j.state and j.state ~= 'dead' and not before(ARGV[i + 1], j.lane)
  out[#out + 1] = live and 0 or 1
end
return out
