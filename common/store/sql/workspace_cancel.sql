-- $1 workspace.
WITH runs AS (
    UPDATE sync_runs SET status = 'cancelled', finished_at = now()
     WHERE workspace_id = $1::uuid AND status IN ('queued', 'running')),
chunks AS (
    UPDATE sync_chunks SET status = 'cancelled', finished_at = now(), retry_at = NULL
     WHERE connection_id IN (SELECT id FROM connections WHERE workspace_id = $1::uuid)
       AND status IN ('queued', 'running')
    RETURNING id),
facts AS (DELETE FROM chunk_facts WHERE chunk_id IN (SELECT id FROM chunks)),
entities AS (DELETE FROM chunk_entities WHERE chunk_id IN (SELECT id FROM chunks))
DELETE FROM chunk_cursor WHERE chunk_id IN (SELECT id FROM chunks)
