-- What was told; news that came since stay news. $1 runs, $2 what each was told as.
UPDATE sync_runs r SET told = x.told FROM unnest($1::uuid[], $2::text[]) x (id, told) WHERE r.id = x.id
