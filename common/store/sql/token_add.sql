-- $1 workspace, $2 provider, $3 Fernet text, $4 when it ends or null, $5 its scopes, null: the provider was not asked yet.
INSERT INTO tokens (workspace_id, provider, access_token_enc, expires_at, scopes, next_check_at)
SELECT id, $2, $3, $4::timestamptz, $5::text[], CASE WHEN $5::text[] IS NULL THEN now() ELSE now() + interval '1 day' END
  FROM workspaces WHERE id = $1::uuid AND deleted_at IS NULL
RETURNING id
