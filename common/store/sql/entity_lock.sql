-- One merge of a connection's entities at a time. $1 connection.
SELECT 1 FROM entity_listings WHERE connection_id = $1::uuid FOR UPDATE
