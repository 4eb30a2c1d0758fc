-- All.
SELECT row_to_json(t) FROM (
        SELECT id, name, created_at FROM workspaces ORDER BY name, id) t
