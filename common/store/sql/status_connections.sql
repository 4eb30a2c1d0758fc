-- Connections by status.
SELECT status, count(*) FROM connections WHERE deleted_at IS NULL GROUP BY status ORDER BY status
