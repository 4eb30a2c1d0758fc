-- $1 a chunk, $2 all instead, $3 a connection: those given up for its access.
SELECT 1 FROM sync_chunks WHERE id IN (SELECT d.id FROM dead_letters($1::uuid, $2::boolean, $3::uuid) d) ORDER BY id FOR UPDATE
