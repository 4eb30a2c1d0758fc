-- What follows a merge is about few rows of tables that keep all runs: with the merge's settings it would read these whole.
SELECT set_config('enable_nestloop', 'on', true), set_config('enable_mergejoin', 'on', true),
       set_config('join_collapse_limit', '8', true), set_config('from_collapse_limit', '8', true)
