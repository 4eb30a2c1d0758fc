-- Rows whose hour the provider left out: counted by fact_sums, and stored in no hour. $1 chunk.
DELETE FROM chunk_facts WHERE chunk_id = $1::uuid AND event_hour < 0
