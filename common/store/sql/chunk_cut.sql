-- Leaves the chunk its newer half and makes another of the older one; done twice it does nothing more. $1 chunk, $2 first
-- day of the newer half.
WITH whole AS (SELECT * FROM sync_chunks WHERE id = $1::uuid AND date_from < $2::date),
older AS (
    INSERT INTO sync_chunks (run_id, connection_id, kind, date_from, date_to, ordinal, totals, rung, page_limit, days_limit,
                             pages, shrunk)
    SELECT run_id, connection_id, kind, date_from, $2::date - 1, ordinal, totals, rung, page_limit, days_limit,
           (pages + 1) / 2, shrunk FROM whole)
UPDATE sync_chunks c SET date_from = $2::date, pages = (w.pages + 1) / 2 FROM whole w WHERE c.id = w.id
