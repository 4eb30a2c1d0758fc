#!lua flags=allow-oom
-- The next request: to the end of the taking list, or what a former tick left at its head. One that is longer than ARGV[1]
-- bytes is cut there, in Redis: nobody reads it, and nobody has to carry it. ARGV: bytes, "leftover" or "new"
-- => the request | nothing
local requests, taking = P .. ':requests', P .. ':requests:taking'
local left = ARGV[2] == 'leftover'
local text = left and call('LINDEX', taking, 0) or not left and call('LMOVE', requests, taking, 'LEFT', 'RIGHT')
if text and #text > n(ARGV[1]) then
  text = string.sub(text, 1, n(ARGV[1]))
  call('LSET', taking, left and 0 or -1, text)
end
return text
