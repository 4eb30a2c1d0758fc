-- $1 workspace.
SELECT row_to_json(t) FROM (
        SELECT id, name, created_at FROM workspaces WHERE id = $1::uuid AND deleted_at IS NULL) t
