-- Staged rows have no statistics, and a first sync's other tables have none yet: the planner takes 100,000 rows for one.
-- Left to that it compares every two rows of a day, in a nested loop, in a merge join by the day alone, or by joining facts
-- before the ads are known, which takes minutes. Hash joins by all keys, in the order written, are good at any size.
-- Compiling the plans costs more than running them. Plans are made with the real days.
SELECT set_config('enable_nestloop', 'off', true), set_config('enable_mergejoin', 'off', true),
       set_config('join_collapse_limit', '1', true), set_config('from_collapse_limit', '1', true),
       set_config('jit', 'off', true), set_config('plan_cache_mode', 'force_custom_plan', true)
