-- Last in its transaction, and only when there is news. $1 connection, $2 run, $3 newest day stored or null.
UPDATE connections k
   SET last_synced_at = CASE WHEN n.ended THEN now() ELSE k.last_synced_at END,
       facts_through = greatest(k.facts_through, $3::date),
       access_checks = CASE WHEN n.ended THEN 0 ELSE k.access_checks END
  FROM (SELECT EXISTS (SELECT 1 FROM sync_runs
                        WHERE id = $2::uuid AND status IN ('succeeded', 'partial') AND finished_at = now()) AS ended) n
 WHERE k.id = $1::uuid AND (n.ended OR k.facts_through < $3::date OR (k.facts_through IS NULL AND $3::date IS NOT NULL))
