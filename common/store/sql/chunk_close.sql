-- $1 chunk, $2 rows of the last page.
UPDATE sync_chunks c
   SET status = 'done', finished_at = now(), error_code = NULL, error = NULL,
       rows = u.rows + $2::bigint, calls = c.calls + u.calls + 1,
       rows_inserted = u.inserted, rows_updated = u.updated, rows_removed = u.removed,
       rows_unchanged = greatest(0, n.staged - u.inserted - u.updated)
  FROM chunk_cursor u
 CROSS JOIN (SELECT (SELECT count(*) FROM chunk_facts WHERE chunk_id = $1::uuid)
                  + (SELECT count(*) FROM chunk_entities WHERE chunk_id = $1::uuid) AS staged) n
 WHERE c.id = $1::uuid AND u.chunk_id = $1::uuid
