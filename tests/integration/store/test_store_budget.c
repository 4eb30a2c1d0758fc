#include "tests/integration/store/store_case.h"

static struct budget_scope app, account;

static void name_scopes(int64_t limit)
{
    budget_scope_app(&app, "meta", 0, 3600);
    budget_scope_account(&account, "meta", "act_1", limit, 3600);
}

static void on_taken(void *arg, int rc, bool granted, int64_t retry_ms, const struct err *e)
{
    struct answer *a = arg;
    a->yes = granted;
    a->number = retry_ms;
    got(a, rc, e);
}

static struct answer take(struct store_case *c)
{
    struct answer a = {0};
    budget_take(c->redis, c->db, PREFIX, &account, &app, on_taken, &a);
    (void)awaited(c, &a);
    return a;
}

static void settle(struct store_case *c, bool sent, int64_t blocked_ms)
{
    struct answer a = {0};
    budget_settle(c->redis, c->db, PREFIX, &account, &app, sent,
                  &(struct quota){.used_percent = 17, .blocked_ms = blocked_ms}, &QUOTA_UNSAID, on_plain, &a);
    assert_int_equal(awaited(c, &a), 0);
}

static void on_rows(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct answer *a = arg;
    a->number = rc == 0 && db_rows(r, 0) == 1 ? db_int(r, 0, 0, 0) : 0;
    got(a, rc, e);
}

static int64_t query(struct store_case *c, const char *sql)
{
    struct answer a = {0};
    const struct db_step step = {.sql = sql};
    (void)db_run(c->db, DB_PLAIN, &step, 1, 0, on_rows, &a);
    assert_int_equal(awaited(c, &a), 0);
    return a.number;
}

static int64_t used(struct store_case *c)
{
    return said(c, "HGET " PREFIX ":budget:meta:act_1 used").number;
}

static void open_empty(struct store_case *c)
{
    open_case(c);
    (void)query(c, "DELETE FROM call_ledger");
    (void)query(c, "DELETE FROM provider_blocks");
}

static void names_scopes(void **state)
{
    (void)state;
    name_scopes(20);
    assert_string_equal(account.name, "meta:act_1");
    assert_string_equal(app.name, "meta:app");
    assert_int_equal(account.limit, 20);
    assert_int_equal(account.window_ms, 3600000);
}

static void a_missing_budget_is_seeded_then_taken(void **state)
{
    struct store_case c;
    (void)state;
    open_empty(&c);
    name_scopes(3);
    struct answer a = take(&c);
    assert_false(a.yes);
    assert_int_equal(a.number, 0);
    assert_int_equal(query(&c, "SELECT sum(calls) FROM call_ledger WHERE scope = 'meta:app'"), 1);
    assert_int_equal(seed(&c, 3), 0);
    assert_int_equal(used(&c), 1); /* the ledger counts too much, never too little */
    assert_true(take(&c).yes);
    assert_true(take(&c).yes);
    a = take(&c);
    assert_false(a.yes);
    assert_in_range(a.number, 3590 * 1000, 3660 * 1000);
    settle(&c, false, 0);
    assert_int_equal(used(&c), 2);
    settle(&c, true, 5000);
    assert_int_equal(said(&c, "HGET " PREFIX ":budget:meta:act_1 open").number, 0);
    assert_int_equal(said(&c, "HGET " PREFIX ":budget:meta:act_1 usage_percent").number, 17);
    a = take(&c);
    assert_false(a.yes);
    assert_in_range(a.number, 1, 5001);
    close_case(&c);
}

static void on_number(void *arg, int rc, int64_t limit, const struct err *e)
{
    struct answer *a = arg;
    a->number = limit;
    got(a, rc, e);
}

static int64_t limit_of(struct store_case *c, const char *name)
{
    struct answer a = {0};
    budget_limit(c->db, "meta", name, on_number, &a);
    assert_int_equal(awaited(c, &a), 0);
    return a.number;
}

static void the_least_limit_of_an_accounts_connections_counts(void **state)
{
    struct store_case c;
    (void)state;
    open_empty(&c);
    (void)query(&c, "WITH w AS (INSERT INTO workspaces (name) VALUES ('w') RETURNING id) "
                    "INSERT INTO connections (workspace_id, provider, external_account_id, name, currency, timezone, "
                    "token_source, settings, deleted_at) "
                    "SELECT w.id, 'meta', 'act_7' || n, 'n', 'EUR', 'UTC', 'env', x::jsonb, d FROM w, (VALUES "
                    "('1', '{\"calls_per_window\": 9}', NULL::timestamptz), ('2', '{}', NULL), "
                    "('3', '{\"calls_per_window\": 3}', now())) v (n, x, d)");
    (void)query(&c, "WITH w AS (INSERT INTO workspaces (name) VALUES ('w2') RETURNING id) "
                    "INSERT INTO connections (workspace_id, provider, external_account_id, name, currency, timezone, "
                    "token_source, settings) SELECT id, 'meta', 'act_71', 'n', 'EUR', 'UTC', 'env', "
                    "'{\"calls_per_window\": 5}' FROM w");
    assert_int_equal(limit_of(&c, "act_71"), 5);
    assert_int_equal(limit_of(&c, "act_72"), -1);
    assert_int_equal(limit_of(&c, "act_73"), -1);
    assert_int_equal(limit_of(&c, ""), -1);
    close_case(&c);
}

static void a_lost_redis_is_seeded_from_the_ledger(void **state)
{
    struct store_case c;
    (void)state;
    open_empty(&c);
    name_scopes(10);
    assert_int_equal(seed(&c, 10), 0);
    for (int i = 0; i < 4; i++)
        assert_true(take(&c).yes);
    (void)query(&c, "INSERT INTO call_ledger VALUES ('meta:act_1', clock_timestamp() - interval '50 minutes', 3),"
                    " ('meta:act_1', clock_timestamp() - interval '2 hours', 100), ('meta:act_9', now(), 50)");
    (void)said(&c, "FLUSHALL");
    assert_int_equal(take(&c).number, 0);
    assert_int_equal(seed(&c, 10), 0);
    assert_int_equal(used(&c), 8); /* four taken, one refused, three of fifty minutes ago */
    assert_int_equal(said(&c, "HGET " PREFIX ":budget:meta:app used").number, 5);
    assert_true(take(&c).yes);
    assert_int_equal(seed(&c, 9), 0); /* again: the limit only */
    assert_int_equal(used(&c), 9);
    assert_false(take(&c).yes);
    close_case(&c);
}

static int64_t blocked_s(struct store_case *c, const char *scope)
{
    char sql[200];
    (void)snprintf(sql, sizeof sql,
                   "SELECT ceil(extract(epoch FROM blocked_until - clock_timestamp()))::bigint FROM provider_blocks "
                   "WHERE scope = '%s'",
                   scope);
    return query(c, sql);
}

static void a_block_outlives_redis_data(void **state)
{
    struct store_case c;
    struct answer a = {0};
    (void)state;
    open_empty(&c);
    name_scopes(10);
    assert_int_equal(seed(&c, 10), 0);
    assert_true(take(&c).yes);
    settle(&c, true, 0);
    assert_int_equal(query(&c, "SELECT count(*) FROM provider_blocks"), 0);
    assert_true(take(&c).yes);
    settle(&c, true, 900000);
    assert_in_range(blocked_s(&c, "meta:act_1"), 870, 900);
    assert_int_equal(query(&c, "SELECT count(*) FROM provider_blocks"), 1);
    budget_settle(c.redis, c.db, PREFIX, &account, &app, true, &(struct quota){.used_percent = 17, .blocked_ms = 60000},
                  &(struct quota){.used_percent = 17, .blocked_ms = 500000}, on_plain, &a);
    assert_int_equal(awaited(&c, &a), 0);
    assert_in_range(blocked_s(&c, "meta:act_1"), 840, 900); /* never shortened */
    assert_in_range(blocked_s(&c, "meta:app"), 470, 500);
    (void)said(&c, "FLUSHALL");
    assert_int_equal(seed(&c, 10), 0);
    a = take(&c);
    assert_false(a.yes);
    assert_in_range(a.number, 800000, 900000);
    close_case(&c);
}

static void refuse(struct store_case *c, struct quota said)
{
    struct answer a = {0};
    said.used_percent = -1;
    budget_settle(c->redis, c->db, PREFIX, &account, &app, true, &said, &QUOTA_UNSAID, on_plain, &a);
    assert_int_equal(awaited(c, &a), 0);
}

static void a_wait_that_did_not_help_is_doubled(void **state)
{
    const struct quota unsaid = {.backoff_ms = 60000};
    struct store_case c;
    (void)state;
    open_empty(&c);
    name_scopes(10);
    assert_int_equal(seed(&c, 10), 0);
    refuse(&c, unsaid);
    assert_in_range(blocked_s(&c, "meta:act_1"), 60, 75);
    refuse(&c, unsaid); /* it was under way */
    assert_in_range(blocked_s(&c, "meta:act_1"), 60, 75);
    for (int wait = 120; wait < 3600; wait *= 2) {
        (void)query(&c, "UPDATE provider_blocks SET blocked_until = now() - interval '50 seconds'");
        refuse(&c, unsaid);
        assert_in_range(blocked_s(&c, "meta:act_1"), wait, wait * 5 / 4);
    }
    (void)query(&c, "UPDATE provider_blocks SET blocked_until = now() - interval '50 seconds'");
    refuse(&c, unsaid);
    assert_in_range(blocked_s(&c, "meta:act_1"), 3599, 3600);
    (void)said(&c, "FLUSHALL");
    assert_int_equal(seed(&c, 10), 0);
    assert_in_range(take(&c).number, 3500 * 1000, 3600 * 1000);
    (void)query(&c, "UPDATE provider_blocks SET blocked_until = now() - interval '61 minutes'");
    refuse(&c, unsaid); /* it had helped */
    assert_in_range(blocked_s(&c, "meta:act_1"), 60, 75);
    refuse(&c, (struct quota){.blocked_ms = 600000}); /* what is stated is believed */
    assert_in_range(blocked_s(&c, "meta:act_1"), 600, 600);
    close_case(&c);
}

static int64_t limit(struct store_case *c)
{
    return said(c, "HGET " PREFIX ":budget:meta:act_1 limit").number;
}

static void a_refusal_teaches_a_limit(void **state)
{
    const struct quota too_many = {.blocked_ms = 1000, .window_ms = 300000};
    struct store_case c;
    (void)state;
    open_empty(&c);
    name_scopes(200);
    assert_int_equal(seed(&c, 200), 0);
    (void)query(
        &c,
        "INSERT INTO call_ledger VALUES ('meta:act_1', now(), 103), ('meta:act_1', now() - interval '6 minutes', 90)");
    refuse(&c, too_many);
    assert_int_equal(limit(&c), 91); /* 102 came through: nine tenths */
    refuse(&c, too_many);
    refuse(&c, too_many); /* these were under way, and did not */
    assert_int_equal(limit(&c), 90);
    (void)said(&c, "FLUSHALL");
    assert_int_equal(seed(&c, 200), 0);
    assert_int_equal(limit(&c), 90);
    assert_int_equal(seed(&c, 30), 0);
    assert_int_equal(limit(&c), 30); /* ours is less */
    (void)query(&c, "UPDATE provider_blocks SET learned_at = now() - interval '25 hours'");
    assert_int_equal(seed(&c, 200), 0);
    assert_int_equal(limit(&c), 180); /* each day doubles it */
    (void)query(&c, "UPDATE provider_blocks SET learned_at = now() - interval '10 days'");
    assert_int_equal(seed(&c, 2000000), 0);
    assert_int_equal(limit(&c), 2000000);
    (void)query(&c, "UPDATE provider_blocks SET learned_at = now() - interval '1 hour', blocked_until = now()");
    refuse(&c, too_many);
    assert_int_equal(limit(&c), 67); /* refused again on the same day: three quarters */
    (void)query(&c, "UPDATE provider_blocks SET blocked_until = now()");
    (void)query(&c, "UPDATE call_ledger SET calls = 5");
    refuse(&c, too_many);
    assert_int_equal(limit(&c), 40); /* others made the calls */
    close_case(&c);
}

/* What PostgreSQL knows of a block reaches a Redis that has not heard of it. */
static void seeding_tells_of_blocks(void **state)
{
    struct store_case c;
    (void)state;
    open_empty(&c);
    name_scopes(10);
    assert_int_equal(seed(&c, 10), 0);
    (void)query(
        &c, "INSERT INTO provider_blocks (scope, blocked_until) VALUES ('meta:act_1', now() + interval '90 seconds')");
    assert_true(take(&c).yes);
    assert_int_equal(seed(&c, 10), 0);
    assert_in_range(take(&c).number, 80000, 91000);
    close_case(&c);
}

/* More than one slice, and none at all. */
static void many_scopes(void **state)
{
    static struct budget_scope scopes[250];
    struct store_case c;
    struct answer a = {0}, none = {0};
    (void)state;
    open_empty(&c);
    for (int i = 0; i < 250; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "act_%d", i);
        budget_scope_account(&scopes[i], "meta", name, 10 + i, 600);
    }
    (void)query(&c, "INSERT INTO call_ledger SELECT 'meta:act_' || i, now(), i FROM generate_series(1, 249) i");
    budget_seed(c.redis, c.db, PREFIX, scopes, 250, on_plain, &a);
    assert_int_equal(awaited(&c, &a), 0);
    assert_int_equal(said(&c, "HGET " PREFIX ":budget:meta:act_0 used").number, 0);
    assert_int_equal(said(&c, "HGET " PREFIX ":budget:meta:act_249 used").number, 249);
    assert_int_equal(said(&c, "HGET " PREFIX ":budget:meta:act_249 limit").number, 259);
    assert_int_equal(said(&c, "HGET " PREFIX ":budget:meta:act_100 window_seconds").number, 600);
    assert_int_equal(said(&c, "KEYS " PREFIX ":budget:*").count, 250);
    budget_seed(c.redis, c.db, PREFIX, scopes, 0, on_plain, &none);
    assert_int_equal(awaited(&c, &none), 0);
    close_case(&c);
}

static void without_ledger_nothing_is_taken(void **state)
{
    struct store_case c;
    (void)state;
    open_empty(&c);
    name_scopes(10);
    assert_int_equal(seed(&c, 10), 0);
    (void)query(&c, "ALTER TABLE call_ledger RENAME TO hidden");
    struct answer a = take(&c);
    (void)said(&c, "DEL " PREFIX ":budget:meta:act_1");
    const int rc = seed(&c, 10);
    (void)query(&c, "ALTER TABLE hidden RENAME TO call_ledger");
    assert_int_equal(a.rc, ERR_DB);
    assert_false(a.yes);
    assert_int_equal(said(&c, "HGET " PREFIX ":budget:meta:app used").number, 0);
    assert_int_equal(rc, ERR_DB);
    assert_int_equal(said(&c, "EXISTS " PREFIX ":budget:meta:act_1").number, 0);
    close_case(&c);
}

static void says_so_when_redis_is_away(void **state)
{
    struct store_case c;
    struct answer a = {0}, b = {0};
    (void)state;
    open_case_at(&c, "redis://127.0.0.1:1/0");
    name_scopes(10);
    assert_int_equal(take(&c).rc, ERR_REDIS_AWAY);
    budget_seed(c.redis, c.db, PREFIX, &app, 1, on_plain, &a);
    assert_int_equal(awaited(&c, &a), ERR_REDIS_AWAY);
    (void)query(&c, "DELETE FROM provider_blocks");
    budget_settle(c.redis, c.db, PREFIX, &account, &app, true,
                  &(struct quota){.used_percent = 17, .blocked_ms = 900000}, &QUOTA_UNSAID, on_plain, &b);
    assert_int_equal(awaited(&c, &b), ERR_REDIS_AWAY);
    assert_in_range(blocked_s(&c, "meta:act_1"), 870, 900); /* kept all the same */
    (void)query(&c, "DELETE FROM provider_blocks");
    close_case(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_scopes),
        cmocka_unit_test(a_missing_budget_is_seeded_then_taken),
        cmocka_unit_test(the_least_limit_of_an_accounts_connections_counts),
        cmocka_unit_test(a_lost_redis_is_seeded_from_the_ledger),
        cmocka_unit_test(a_block_outlives_redis_data),
        cmocka_unit_test(a_wait_that_did_not_help_is_doubled),
        cmocka_unit_test(a_refusal_teaches_a_limit),
        cmocka_unit_test(seeding_tells_of_blocks),
        cmocka_unit_test(many_scopes),
        cmocka_unit_test(without_ledger_nothing_is_taken),
        cmocka_unit_test(says_so_when_redis_is_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
