-- $1 workspace.
SELECT id, name, created_at FROM workspaces WHERE id = $1::uuid AND deleted_at IS NULL
