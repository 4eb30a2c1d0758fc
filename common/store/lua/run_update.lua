#!lua flags=allow-oom
-- A run's progress outside of jobs. ARGV: run_id ended event, field value …
if ARGV[2] ~= '1' then call('PERSIST', P .. ':run:' .. ARGV[1]) end -- planned again: no longer ended
tell(ARGV[1], ARGV[2], 4, ARGV[3])
return 1
