-- Dead letters of connections that are still there.
SELECT count(*) FROM sync_chunks c JOIN connections k ON k.id = c.connection_id WHERE c.status = 'dead' AND k.deleted_at IS NULL
