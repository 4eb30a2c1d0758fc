-- One request at a time in a workspace, so that two cannot store a campaign and its ad for the same day. $1 workspace.
SELECT pg_advisory_xact_lock(hashtextextended('metricx ingest ' || $1, 0))
