-- $1 connection or null for the hold of all.
DELETE FROM holds WHERE connection_id IS NOT DISTINCT FROM $1::uuid
