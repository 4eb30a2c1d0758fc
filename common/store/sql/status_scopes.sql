-- The budgets that there may be: of every platform's app and of every connected account.
SELECT DISTINCT provider || ':app' FROM connections WHERE deleted_at IS NULL
UNION
SELECT DISTINCT provider || ':' || external_account_id FROM connections WHERE deleted_at IS NULL
ORDER BY 1
