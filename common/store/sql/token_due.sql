-- One whose look is due, taken for an hour: who dies over it leaves it to the next. $1 provider.
UPDATE tokens t SET next_check_at = now() + interval '1 hour'
 WHERE t.id = (SELECT d.id FROM tokens d
                WHERE d.provider = $1 AND d.next_check_at <= now()
                ORDER BY d.next_check_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING t.id, t.workspace_id, t.provider, t.access_token_enc, extract(epoch FROM now())::bigint
