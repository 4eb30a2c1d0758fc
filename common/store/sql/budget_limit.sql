-- The least limit that the account's connections set; null when none does. $1 provider, $2 account.
SELECT min((settings ->> 'calls_per_window')::bigint)
  FROM connections WHERE provider = $1 AND external_account_id = $2 AND deleted_at IS NULL
