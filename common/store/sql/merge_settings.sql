-- Staged rows have no statistics: nested loops over them would cost minutes, and compiling the plans more than running
-- them. Plans are made with the real days.
SELECT set_config('enable_nestloop', 'off', true), set_config('jit', 'off', true),
       set_config('plan_cache_mode', 'force_custom_plan', true)
