-- What a chunk looks up, or the campaigns that it asks for facts of, in order. $1 chunk.
SELECT coalesce(e.level, 'campaign'), coalesce(e.external_id, n.campaign)
  FROM chunk_cursor u
 CROSS JOIN LATERAL unnest(u.lookups, u.campaigns) WITH ORDINALITY n (id, campaign, place)
  LEFT JOIN entities e ON e.id = n.id
 WHERE u.chunk_id = $1::uuid AND (e.id IS NOT NULL OR n.campaign IS NOT NULL)
 ORDER BY n.place
