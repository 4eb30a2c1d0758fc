-- Until the calls granted by a Redis that is lost since are in the ledger, or never sent. $1 milliseconds.
SELECT pg_sleep($1::float8 / 1000)
