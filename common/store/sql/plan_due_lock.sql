-- $1 connections.
SELECT 1 FROM connections WHERE id = ANY ($1::uuid[]) ORDER BY id FOR NO KEY UPDATE
