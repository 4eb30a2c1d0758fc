-- Staged rows have no statistics, and a first sync's other tables have none yet. Nested loops over them would cost minutes,
-- and so would joining rows to facts by their day alone before their ads are known: joins are made in the order in which
-- they are written. Compiling the plans costs more than running them. Plans are made with the real days.
SELECT set_config('enable_nestloop', 'off', true), set_config('join_collapse_limit', '1', true),
       set_config('from_collapse_limit', '1', true), set_config('jit', 'off', true),
       set_config('plan_cache_mode', 'force_custom_plan', true)
