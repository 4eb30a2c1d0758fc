-- $1 connections, $2 what each was told as.
UPDATE connections k SET told = x.told FROM unnest($1::uuid[], $2::text[]) x (id, told) WHERE k.id = x.id
