-- oldest-program: 0.2.0
-- Stored rows that a slice lacks are judged one by one: what the account's total of their day still contains stays.

-- What a merge finds out before it changes anything; rows live within its transaction. Of each day that it may write: what
-- was read of it, and the account's own total (null: unknown).
CREATE UNLOGGED TABLE chunk_days (
    chunk_id          uuid NOT NULL,
    event_date        date NOT NULL,
    runs              boolean NOT NULL, -- the day was not over
    moved             boolean NOT NULL, -- asked twice, the total was another one
    spend             numeric NOT NULL,
    impressions       bigint NOT NULL,
    clicks            bigint NOT NULL,
    conversions       numeric NOT NULL,
    rows              bigint NOT NULL,
    hourless_rows     bigint NOT NULL, -- of them, without the hour that they should have: stored in none
    hourless_spend    numeric NOT NULL,
    half              numeric NOT NULL, -- of the last digit: by so much the provider rounds the spend of a row
    total_spend       numeric,
    total_impressions bigint,
    total_clicks      bigint,
    total_conversions numeric,
    agrees            boolean GENERATED ALWAYS AS (impressions = total_impressions AND clicks = total_clicks
                                                   AND abs(spend - total_spend) <= half * rows) STORED
);
-- And the stored rows of those days that it lacks.
CREATE UNLOGGED TABLE chunk_gone (
    chunk_id    uuid NOT NULL,
    entity_id   uuid NOT NULL,
    event_date  date NOT NULL,
    event_hour  smallint NOT NULL DEFAULT -1,
    deleted     boolean NOT NULL, -- the ad, as far as is known
    spend       numeric NOT NULL,
    impressions bigint NOT NULL,
    clicks      bigint NOT NULL,
    conversions numeric NOT NULL,
    stays       boolean NOT NULL DEFAULT true
);
CREATE INDEX chunk_gone_entity ON chunk_gone (chunk_id, event_date, entity_id);

-- Ads whose rows of a day make up an excess over its total, exactly but for rounding: all that are gone, all living ones, or
-- the smallest set with the fewest deleted ones of the first thousands of sets. Null: there is none.
CREATE FUNCTION chunk_gone_set(chunk uuid, day date, living_only boolean, excess_spend numeric, excess_impressions numeric,
                               excess_clicks numeric, slack numeric) RETURNS uuid[] LANGUAGE sql STABLE AS $$
    WITH RECURSIVE ads AS (
        SELECT row_number() OVER (ORDER BY deleted, sum(impressions) DESC, entity_id) AS n, entity_id, deleted,
               sum(spend) AS spend, sum(impressions) AS impressions, sum(clicks) AS clicks
          FROM chunk_gone
         WHERE chunk_id = chunk AND event_date = day AND stays AND NOT (deleted AND living_only)
         GROUP BY entity_id, deleted),
    sets AS (
        SELECT 0::bigint AS n, '{}'::uuid[] AS ids, 0::bigint AS deleted, 0::numeric AS spend, 0::numeric AS impressions,
               0::numeric AS clicks
         UNION ALL
        SELECT a.n, s.ids || a.entity_id, s.deleted + a.deleted::int, s.spend + a.spend, s.impressions + a.impressions,
               s.clicks + a.clicks
          FROM sets s JOIN ads a ON a.n > s.n AND s.impressions + a.impressions <= excess_impressions
                                AND s.clicks + a.clicks <= excess_clicks AND s.spend + a.spend <= excess_spend + slack),
    found AS (
        SELECT ids, deleted, spend, impressions, clicks FROM (SELECT * FROM sets LIMIT 5000) s
         UNION ALL
        SELECT array_agg(entity_id), count(*) FILTER (WHERE deleted), sum(spend), sum(impressions), sum(clicks)
          FROM ads GROUP BY GROUPING SETS ((deleted), ()))
    SELECT ids FROM found
     WHERE impressions = excess_impressions AND clicks = excess_clicks AND abs(spend - excess_spend) <= slack
     ORDER BY deleted, cardinality(ids) LIMIT 1
$$;

-- Which of them go: those that the total of their day lacks. What was read and all that is gone may have more than the
-- total; what makes up this excess is taken out. If nothing does so exactly (Meta restated what is gone, or the slice has
-- grown since the total was read), what is nearest to it is, and so on: living ads, or all of them, while the excess has
-- four fifths of theirs; deleted ones, which are never read again, only when each is all of it but for a tenth. They stay
-- too while the total is unknown, or of another moment of a running day. Where nothing that is compared shows a living ad,
-- conversions must.
CREATE FUNCTION chunk_judge_gone(chunk uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    d record;
    ads record;
    ids uuid[];
BEGIN
    UPDATE chunk_gone n SET stays = false FROM chunk_days c
     WHERE n.chunk_id = chunk AND c.chunk_id = chunk AND c.event_date = n.event_date AND NOT n.deleted
       AND (c.total_spend IS NULL
            OR (n.spend = 0 AND n.impressions = 0 AND n.clicks = 0
                AND (n.conversions = 0 OR n.conversions > 2 * (c.total_conversions - c.conversions))));
    FOR d IN SELECT c.event_date, c.runs AND NOT c.agrees AS moves, c.half * (c.rows + g.rows) AS slack,
                    c.spend + g.spend - c.total_spend AS spend,
                    c.impressions + g.impressions - c.total_impressions AS impressions,
                    c.clicks + g.clicks - c.total_clicks AS clicks
               FROM chunk_days c
               JOIN (SELECT n.event_date, count(*) AS rows, sum(n.spend) AS spend, sum(n.impressions) AS impressions,
                            sum(n.clicks) AS clicks
                       FROM chunk_gone n WHERE n.chunk_id = chunk GROUP BY n.event_date) g ON g.event_date = c.event_date
              WHERE c.chunk_id = chunk AND c.total_spend IS NOT NULL LOOP
        ids := chunk_gone_set(chunk, d.event_date, d.moves, d.spend, d.impressions, d.clicks, d.slack);
        IF ids IS NOT NULL THEN
            UPDATE chunk_gone n SET stays = false
             WHERE n.chunk_id = chunk AND n.event_date = d.event_date AND n.entity_id = ANY (ids);
            CONTINUE;
        END IF;
        FOR turn IN 1..100 LOOP -- what is left after so many stays
            SELECT g.* INTO ads
              FROM (SELECT n.entity_id, n.deleted, sum(n.spend) AS spend, sum(n.impressions) AS impressions,
                           sum(n.clicks) AS clicks
                      FROM chunk_gone n
                     WHERE n.chunk_id = chunk AND n.event_date = d.event_date AND n.stays AND NOT (n.deleted AND d.moves)
                     GROUP BY GROUPING SETS ((n.entity_id, n.deleted), (n.deleted))) g
             WHERE NOT (g.deleted AND g.entity_id IS NULL)
               AND CASE WHEN g.impressions > 0
                        THEN 4 * g.impressions <= 5 * d.impressions
                             AND (g.spend = 0 OR 4 * g.spend <= 5 * (d.spend + d.slack))
                             AND NOT (g.deleted AND abs(d.impressions - g.impressions) * 10 > g.impressions)
                        WHEN g.spend > 0 THEN 4 * g.spend <= 5 * d.spend
                                              AND NOT (g.deleted AND abs(d.spend - g.spend) * 10 > g.spend)
                        ELSE g.clicks > 0 AND g.clicks <= d.clicks END
             ORDER BY g.deleted, abs(g.impressions - d.impressions), abs(g.spend - d.spend), g.entity_id LIMIT 1;
            EXIT WHEN NOT FOUND;
            UPDATE chunk_gone n SET stays = false
             WHERE n.chunk_id = chunk AND n.event_date = d.event_date AND n.stays AND n.deleted = ads.deleted
               AND n.entity_id = coalesce(ads.entity_id, n.entity_id);
            d.spend := d.spend - ads.spend;
            d.impressions := d.impressions - ads.impressions;
            d.clicks := d.clicks - ads.clicks;
        END LOOP;
    END LOOP;
END $$;
