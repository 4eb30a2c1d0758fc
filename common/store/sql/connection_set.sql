-- $1 connection, $2 name, $3 value as JSON or null to remove it, $4 whether the next due time depends on it.
UPDATE connections
   SET settings = CASE WHEN $3::jsonb IS NULL THEN settings - $2::text
                       ELSE settings || jsonb_build_object($2::text, $3::jsonb) END,
       next_sync_at = CASE WHEN $4::boolean THEN NULL ELSE next_sync_at END
 WHERE id = $1::uuid AND deleted_at IS NULL
RETURNING id
