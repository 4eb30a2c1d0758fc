-- All.
SELECT row_to_json(t) FROM (
        SELECT id, name, created_at FROM workspaces WHERE deleted_at IS NULL ORDER BY name, id) t
