-- Of a row that came on several pages the last one counts. Rows without their hour are not told apart. $1 chunk.
DELETE FROM chunk_facts s USING chunk_facts newer
 WHERE s.chunk_id = $1::uuid AND newer.chunk_id = $1::uuid
   AND s.ad_id = newer.ad_id AND s.event_date = newer.event_date AND s.event_hour = newer.event_hour
   AND s.actions_only = newer.actions_only
   --hour AND s.event_hour >= 0
   AND (s.page, s.ordinal) < (newer.page, newer.ordinal)
