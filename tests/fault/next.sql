-- oldest-program: 0.2.0
-- What a later release may do to tables that programs of this one are using.

ALTER TABLE connections ADD COLUMN later text;
ALTER TABLE sync_runs ADD COLUMN later text;
ALTER TABLE sync_chunks ADD COLUMN later text;
ALTER TABLE chunk_cursor ADD COLUMN later text;
ALTER TABLE account_days ADD COLUMN later text;
ALTER TABLE entities ADD COLUMN later text;
ALTER TABLE metric_facts ADD COLUMN later text;
ALTER TABLE call_ledger ADD COLUMN later text;
CREATE INDEX later ON metric_facts (ingested_at);
