-- Days in a row that are alike. $1 connection.
SELECT granularity, min(event_date) AS date_from, max(event_date) AS date_to, count(*) AS days, state, cause,
       restated
  FROM (SELECT d.*, d.event_date - (row_number() OVER (PARTITION BY granularity, state, cause, restated
                                                       ORDER BY event_date))::int AS span
          FROM day_coverage($1::uuid) d) d
 GROUP BY granularity, state, cause, restated, span
 ORDER BY granularity, date_from
