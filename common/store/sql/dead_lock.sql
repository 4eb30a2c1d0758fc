-- $1 a chunk, $2 all instead, $3 a connection: those given up for its access.
SELECT 1 FROM sync_chunks
 WHERE status = 'dead'
   AND (id = $1::uuid OR $2::boolean
        OR (connection_id = $3::uuid AND error_code IN ('needs_reauth', 'no_access')))
 ORDER BY id FOR UPDATE
