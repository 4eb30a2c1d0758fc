-- Connections whose status nobody was told yet. $1 how many.
SELECT id, workspace_id, status, told, error_code, status_reason FROM connections WHERE told <> status LIMIT $1::int
