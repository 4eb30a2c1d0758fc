-- All.
SELECT id, name, created_at FROM workspaces WHERE deleted_at IS NULL ORDER BY name, id
