-- The last page of the listing is staged; stubs that it did not bring are asked for one by one, those that spent last
-- first. $1 chunk, $2 epoch, $3 rows of the last page, $4 connection, $5 how many.
WITH stubs AS (
    SELECT e.id, e.level, e.external_id FROM entities e
     WHERE e.connection_id = $4::uuid AND e.details ? 'stub' AND e.vanished_at IS NULL
       AND NOT EXISTS (SELECT 1 FROM chunk_entities s WHERE s.chunk_id = $1::uuid AND s.external_id = e.external_id)),
spent AS (
    SELECT n.id, max(n.day) AS day
      FROM (SELECT up.id, (SELECT max(f.event_date) FROM metric_facts f WHERE f.entity_id = a.id) AS day
              FROM entities a
             CROSS JOIN LATERAL (VALUES (a.id), (a.parent_id), (a.campaign_id)) up (id)
             WHERE a.connection_id = $4::uuid AND a.level = 'ad' AND up.id IN (SELECT id FROM stubs)) n
     GROUP BY n.id)
UPDATE chunk_cursor
   SET lookups = some_lookups(ARRAY(SELECT s.id FROM stubs s LEFT JOIN spent p ON p.id = s.id
                                     ORDER BY p.day DESC NULLS LAST, s.level, s.external_id LIMIT $5::int)),
       lookups_page = page + 1, page = page + 1, epoch = $2::bigint, cursor = NULL, saved_at = now(),
       rows = rows + $3::bigint, calls = calls + 1
 WHERE chunk_id = $1::uuid
