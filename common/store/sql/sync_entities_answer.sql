-- What a run of entities has come to, in the words of its caller. $1 run.
SELECT row_to_json(a)
  FROM (SELECT count(*) FILTER (WHERE e.level = 'campaign' AND e.made) AS campaigns_created,
               count(*) FILTER (WHERE e.level = 'campaign' AND NOT e.made) AS campaigns_updated,
               count(*) FILTER (WHERE e.level = 'adset' AND e.made) AS adsets_created,
               count(*) FILTER (WHERE e.level = 'adset' AND NOT e.made) AS adsets_updated,
               count(*) FILTER (WHERE e.level = 'ad' AND e.made) AS ads_created,
               count(*) FILTER (WHERE e.level = 'ad' AND NOT e.made) AS ads_updated,
               r.seconds AS duration_seconds
          FROM (SELECT connection_id, started_at, coalesce(finished_at, now()) AS ended_at,
                       round(extract(epoch FROM coalesce(finished_at, now()) - created_at), 3) AS seconds
                  FROM sync_runs WHERE id = $1::uuid) r
          LEFT JOIN LATERAL (
               SELECT n.level, n.created_at >= r.started_at AS made
                 FROM entities n
                WHERE n.connection_id = r.connection_id AND n.updated_at BETWEEN r.started_at AND r.ended_at) e ON true
         GROUP BY r.seconds) a
