-- Connections that wait for somebody to do something about their token or access.
SELECT id, external_account_id, name, status, coalesce(status_reason, '')
  FROM connections
 WHERE deleted_at IS NULL AND status IN ('needs_reauth', 'no_access')
 ORDER BY name, id
 LIMIT 100
