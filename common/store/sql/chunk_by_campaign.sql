-- All campaigns that have facts are staged; they are asked for one by one. $1 chunk, $2 epoch.
UPDATE chunk_cursor
   SET campaigns = some_campaigns(ARRAY(SELECT DISTINCT s.external_id FROM chunk_entities s
                                         WHERE s.chunk_id = $1::uuid ORDER BY s.external_id)),
       page = page + 1, epoch = $2::bigint, cursor = NULL, saved_at = now(), rows = 0, calls = calls + 1
 WHERE chunk_id = $1::uuid
