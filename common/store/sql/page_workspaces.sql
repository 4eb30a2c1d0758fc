-- The oldest first. $1 array of those that may be seen, null: all, $2 behind this place ("created_at id") or null, $3 how many.
SELECT w.id, w.name, w.created_at,
       w.created_at::text || ' ' || w.id
  FROM workspaces w
 WHERE w.deleted_at IS NULL AND ($1::uuid[] IS NULL OR w.id = ANY ($1::uuid[]))
   AND ($2::text IS NULL
        OR (w.created_at, w.id) > (substr($2, 1, length($2) - 37)::timestamptz, right($2, 36)::uuid))
 ORDER BY w.created_at, w.id LIMIT $3::int
