-- What keeps the API from being walled in: the first reason, or no row.
SELECT problem FROM (
    SELECT 1 AS n, 'there is no role metricx_api; make it with metricx migrate' AS problem
     WHERE NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'metricx_api')
    UNION ALL
    SELECT 2, format('%s may not act as metricx_api; GRANT metricx_api TO %s', session_user, session_user)
      FROM pg_roles WHERE rolname = 'metricx_api' AND NOT pg_has_role(session_user, oid, 'MEMBER')
    UNION ALL
    SELECT 3, 'metricx_api is superuser or bypasses row level security; ALTER ROLE metricx_api NOSUPERUSER NOBYPASSRLS'
      FROM pg_roles WHERE rolname = 'metricx_api' AND (rolsuper OR rolbypassrls)
    UNION ALL
    SELECT 4, format('metricx_api owns or may act as the owner of %s; its walls would not hold', c.relname)
      FROM pg_class c, pg_roles r
     WHERE r.rolname = 'metricx_api' AND c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v')
       AND pg_has_role(r.oid, c.relowner, 'MEMBER')
    UNION ALL
    SELECT 5, format('metricx_api reads %s, which has no forced row level security', c.relname)
      FROM pg_class c
     WHERE EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'metricx_api')
       AND c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> 'schema_migrations'
       AND has_any_column_privilege('metricx_api', c.oid, 'SELECT, INSERT, UPDATE')
       AND NOT (c.relrowsecurity AND c.relforcerowsecurity
                AND EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'walls'))
    UNION ALL
    SELECT 6, 'metricx_api may read tokens; run metricx migrate'
     WHERE EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'metricx_api')
       AND has_column_privilege('metricx_api', 'tokens', 'access_token_enc', 'SELECT')
    UNION ALL
    SELECT 7, format('metricx_api may not read %s; run metricx migrate', name)
      FROM unnest(ARRAY['connections', 'sync_runs', 'metric_facts']) AS name
     WHERE EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'metricx_api') AND NOT has_table_privilege('metricx_api', name, 'SELECT')
) x ORDER BY n LIMIT 1
