#include "tests/integration/store/store_case.h"

static void on_added(void *arg, int rc, int added, const struct err *e)
{
    struct answer *a = arg;
    a->number = added;
    got(a, rc, e);
}

static void on_claimed(void *arg, int rc, const struct queue_claimed *jobs, int count, int64_t next_ms,
                       const struct err *e)
{
    struct answer *a = arg;
    a->count = count;
    a->number = next_ms;
    for (int i = 0; i < count; i++)
        a->jobs[i] = jobs[i];
    got(a, rc, e);
}

static void on_beaten(void *arg, int rc, const enum beat_word *words, int count, const struct err *e)
{
    struct answer *a = arg;
    a->count = count;
    for (int i = 0; i < count; i++)
        a->words[i] = words[i];
    got(a, rc, e);
}

static void on_yes(void *arg, int rc, bool yes, int64_t retry_ms, const struct err *e)
{
    struct answer *a = arg;
    a->yes = yes;
    a->number = retry_ms;
    got(a, rc, e);
}

static void on_finished(void *arg, int rc, bool stale, const struct err *e)
{
    on_yes(arg, rc, stale, 0, e);
}

static void on_reaped(void *arg, int rc, int reaped, int promoted, const struct err *e)
{
    struct answer *a = arg;
    a->number = reaped;
    a->other = promoted;
    got(a, rc, e);
}

static void on_missing(void *arg, int rc, const bool *missing, int count, const struct err *e)
{
    struct answer *a = arg;
    a->count = count;
    for (int i = 0; i < count; i++)
        a->missing[i] = missing[i];
    got(a, rc, e);
}

#define IDS 2500
static char id_texts[IDS][16];
static const char *ids[IDS], *lanes[IDS];

static void name_ids(void)
{
    for (int i = 0; i < IDS; i++) {
        (void)snprintf(id_texts[i], sizeof id_texts[i], "chunk-%04d", i);
        ids[i] = id_texts[i];
        lanes[i] = "low";
    }
}

static struct queue_job job(int i, const char *lane)
{
    return (struct queue_job){.id = ids[i],
                              .run_id = "run-1",
                              .connection_id = "con-1",
                              .provider = "meta",
                              .account = "act_1",
                              .kind = "metrics",
                              .from = "2026-10-01",
                              .to = "2026-10-07",
                              .lane = lane,
                              .attempts = 2,
                              .deliveries = 1};
}

static int64_t enqueue(struct store_case *c, int first, int count, const char *lane)
{
    struct queue_job *jobs = calloc((size_t)count + 1, sizeof *jobs);
    struct answer a = {0};
    assert_non_null(jobs);
    for (int i = 0; i < count; i++)
        jobs[i] = job(first + i, lane);
    queue_enqueue(c->queue, jobs, count, on_added, &a);
    memset(jobs, 0xff, (size_t)count * sizeof *jobs); /* borrowed during the call only */
    free(jobs);
    assert_int_equal(awaited(c, &a), 0);
    return a.number;
}

static struct answer claim(struct store_case *c, int want, int want_low)
{
    struct answer a = {0};
    queue_claim(c->queue, "worker-1", want, want_low, 30000, on_claimed, &a);
    assert_int_equal(awaited(c, &a), 0);
    return a;
}

static struct answer finish(struct store_case *c, const struct queue_claimed *j, enum finish_how how)
{
    struct answer a = {0};
    struct queue_finish f = {.id = j->id,
                             .token = j->token,
                             .how = how,
                             .delay_ms = 60000,
                             .feedback = {.account = QUOTA_UNSAID, .app = QUOTA_UNSAID},
                             .error = "transient"};
    queue_finish(c->queue, &f, on_finished, &a);
    assert_int_equal(awaited(c, &a), 0);
    return a;
}

static struct answer grant(struct store_case *c, const struct queue_claimed *j, struct call_feedback f)
{
    struct answer a = {0};
    queue_grant(c->queue, j->id, j->token, &f, on_yes, &a);
    (void)awaited(c, &a);
    return a;
}

static void puts_many_in_once(void **state)
{
    struct store_case c;
    (void)state;
    open_case(&c);
    assert_int_equal(enqueue(&c, 0, 0, "low"), 0);
    assert_int_equal(enqueue(&c, 0, 450, "low"), 450);
    (void)said(&c, "SCRIPT FLUSH");
    assert_int_equal(enqueue(&c, 0, 451, "low"), 1);
    assert_int_equal(said(&c, "LLEN " PREFIX ":ready:con-1:low").number, 451);
    assert_string_equal(said(&c, "LINDEX " PREFIX ":ready:con-1:low -1").text, ids[0]);
    assert_string_equal(said(&c, "HGET " PREFIX ":job:chunk-0007 domain").text, "meta:act_1");
    assert_string_equal(said(&c, "HGET " PREFIX ":job:chunk-0007 to").text, "2026-10-07");
    assert_int_equal(said(&c, "HGET " PREFIX ":job:chunk-0007 attempts").number, 2);
    close_case(&c);
}

static void claims_batches(void **state)
{
    struct store_case c;
    (void)state;
    open_case(&c);
    assert_int_equal(seed(&c, 0), 0);
    (void)enqueue(&c, 0, 100, "low");
    (void)enqueue(&c, 100, 2, "high");
    struct answer a = claim(&c, 1000, 3);
    assert_int_equal(a.count, 5);
    assert_string_equal(a.jobs[0].id, ids[100]);
    assert_string_equal(a.jobs[1].lane, "high");
    assert_string_equal(a.jobs[2].id, ids[0]);
    assert_string_equal(a.jobs[2].lane, "low");
    assert_string_not_equal(a.jobs[0].token, a.jobs[1].token);
    struct answer more = claim(&c, 1000, 1000);
    assert_int_equal(more.count, QUEUE_CLAIM_MAX);
    assert_string_not_equal(more.jobs[0].token, a.jobs[0].token);
    assert_int_equal(claim(&c, 64, 64).count, 33);
    assert_int_equal(claim(&c, 64, 64).number, -1);
    close_case(&c);
}

static void grants_page_by_page(void **state)
{
    struct store_case c;
    const struct call_feedback sent = {.calls = 1,
                                       .account = {.used_percent = 40, .blocked_ms = 0},
                                       .app = QUOTA_UNSAID},
                               unsent = {.refund = 1, .account = QUOTA_UNSAID, .app = QUOTA_UNSAID};
    (void)state;
    open_case(&c);
    assert_int_equal(seed(&c, 3), 0);
    (void)enqueue(&c, 0, 3, "low");
    struct answer a = claim(&c, 1, 1);
    assert_true(grant(&c, &a.jobs[0], sent).yes);
    assert_true(grant(&c, &a.jobs[0], unsent).yes);
    assert_true(grant(&c, &a.jobs[0], sent).yes);
    struct answer no = grant(&c, &a.jobs[0], sent);
    assert_int_equal(no.rc, 0);
    assert_false(no.yes);
    assert_in_range(no.number, 3590 * 1000, 3660 * 1000);
    assert_int_equal(said(&c, "HGET " PREFIX ":budget:meta:act_1 used").number, 3);
    assert_int_equal(said(&c, "HGET " PREFIX ":budget:meta:act_1 usage_percent").number, 40);
    struct queue_claimed other = a.jobs[0];
    other.token[0] ^= 1;
    assert_int_equal(grant(&c, &other, sent).rc, ERR_FENCED);
    struct answer parked = claim(&c, 5, 5);
    assert_int_equal(parked.count, 0);
    assert_in_range(parked.number, 3590 * 1000, 3660 * 1000);
    close_case(&c);
}

static void a_block_stops_the_account_or_the_app(void **state)
{
    struct store_case c;
    (void)state;
    open_case(&c);
    assert_int_equal(seed(&c, 0), 0);
    (void)enqueue(&c, 0, 3, "low");
    struct answer a = claim(&c, 1, 1);
    const struct call_feedback blocked = {
        .calls = 1, .account = {.used_percent = 100, .blocked_ms = 60000}, .app = QUOTA_UNSAID};
    assert_false(grant(&c, &a.jobs[0], blocked).yes);
    struct answer parked = claim(&c, 1, 1);
    assert_in_range(parked.number, 50000, 60001);
    const struct call_feedback app = {.account = {.used_percent = 55, .blocked_ms = 0},
                                      .app = {.used_percent = 100, .blocked_ms = 90000}};
    assert_in_range(grant(&c, &a.jobs[0], app).number, 80000, 90001);
    assert_int_equal(said(&c, "HGET " PREFIX ":budget:meta:app usage_percent").number, 100);
    assert_int_equal(said(&c, "HGET " PREFIX ":budget:meta:act_1 usage_percent").number, 55);
    close_case(&c);
}

static void beats(void **state)
{
    struct store_case c;
    struct answer a = {0};
    (void)state;
    open_case(&c);
    assert_int_equal(seed(&c, 0), 0);
    (void)enqueue(&c, 0, 2, "low");
    struct answer claimed = claim(&c, 2, 2);
    struct queue_beat held[] = {{.id = claimed.jobs[0].id, .token = claimed.jobs[0].token, .page = 4, .rows = 4000},
                                {.id = claimed.jobs[1].id, .token = "of another"}};
    queue_beat(c.queue, "host:1", "{\"host\":\"host\",\"pid\":1}", 30000, held, 2, on_beaten, &a);
    assert_int_equal(awaited(&c, &a), 0);
    assert_int_equal(a.count, 2);
    assert_int_equal(a.words[0], BEAT_GOOD);
    assert_int_equal(a.words[1], BEAT_STALE);
    assert_int_equal(said(&c, "HGET " PREFIX ":job:chunk-0000 rows").number, 4000);
    assert_int_equal(said(&c, "HGET " PREFIX ":worker:host:1 pid").number, 1);
    struct answer none = {0};
    queue_beat(c.queue, "host:1", "{}", 30000, NULL, 0, on_beaten, &none);
    assert_int_equal(awaited(&c, &none), 0);
    assert_int_equal(none.count, 0);
    close_case(&c);
}

static void lets_go_in_every_way(void **state)
{
    static const struct {
        enum finish_how how;
        const char *state; /* of the job afterwards, "" = gone */
        const char *stat;
    } ways[] = {{FINISH_DONE, "", "finished"},
                {FINISH_DROP, "", "fenced"},
                {FINISH_RETRY, "delayed", "retried"},
                {FINISH_DEAD, "dead", "dead"},
                {FINISH_YIELD, "ready", "claimed"}};
    struct store_case c;
    (void)state;
    open_case(&c);
    assert_int_equal(seed(&c, 0), 0);
    for (int i = 0; i < 5; i++) {
        char command[96];
        (void)enqueue(&c, i, 1, "low");
        struct answer a = claim(&c, 1, 1);
        assert_string_equal(a.jobs[0].id, ids[i]);
        assert_false(finish(&c, &a.jobs[0], ways[i].how).yes);
        assert_true(finish(&c, &a.jobs[0], ways[i].how).yes); /* stale by now */
        (void)snprintf(command, sizeof command, "HGET " PREFIX ":job:%s state", ids[i]);
        assert_string_equal(said(&c, command).text, ways[i].state);
        (void)snprintf(command, sizeof command, "HGET " PREFIX ":stats %s", ways[i].stat);
        assert_true(said(&c, command).number > 0);
    }
    assert_string_equal(said(&c, "HGET " PREFIX ":job:chunk-0002 error").text, "transient");
    close_case(&c);
}

static void tells_the_run(void **state)
{
    struct store_case c;
    (void)state;
    open_case(&c);
    assert_int_equal(seed(&c, 0), 0);
    (void)enqueue(&c, 0, 1, "low");
    struct answer claimed = claim(&c, 1, 1), a = {0}, b = {0}, w = {0};
    struct queue_finish f = {.id = claimed.jobs[0].id,
                             .token = claimed.jobs[0].token,
                             .how = FINISH_DONE,
                             .feedback = {.account = QUOTA_UNSAID, .app = QUOTA_UNSAID},
                             .run_id = "r1",
                             .run_fields = (const char *const[]){"status", "succeeded", "rows", "12", NULL},
                             .run_ended = true,
                             .event_json = "{}",
                             .wake_plan = true};
    queue_finish(c.queue, &f, on_finished, &a);
    assert_int_equal(awaited(&c, &a), 0);
    assert_string_equal(said(&c, "HGET " PREFIX ":run:r1 status").text, "succeeded");
    assert_in_range(said(&c, "TTL " PREFIX ":run:r1").number, 604000, 604800);
    queue_run_update(c.queue, "r1", (const char *const[]){"status", "running", NULL}, false, NULL, on_plain, &b);
    assert_int_equal(awaited(&c, &b), 0);
    assert_string_equal(said(&c, "HGET " PREFIX ":run:r1 status").text, "running");
    assert_int_equal(said(&c, "TTL " PREFIX ":run:r1").number, -1);
    queue_wake_scheduler(c.queue, on_plain, &w);
    assert_int_equal(awaited(&c, &w), 0);
    close_case(&c);
}

static void reaps_finds_removes_clears(void **state)
{
    struct store_case c;
    struct answer reaped = {0}, removed = {0}, cleared = {0};
    static struct answer found;
    (void)state;
    open_case(&c);
    assert_int_equal(seed(&c, 0), 0);
    (void)enqueue(&c, 0, IDS - 1, "low");
    queue_claim(c.queue, "worker-1", 3, 3, 1, on_claimed, &reaped);
    assert_int_equal(awaited(&c, &reaped), 0);
    reaped = (struct answer){0};
    while (reaped.number < 3) {
        struct answer now = {0};
        queue_reap(c.queue, 100, on_reaped, &now);
        assert_int_equal(awaited(&c, &now), 0);
        reaped.number += now.number;
    }
    found = (struct answer){0};
    queue_remove(c.queue, &ids[5], 1100, on_plain, &removed);
    assert_int_equal(awaited(&c, &removed), 0);
    lanes[1200] = "normal";         /* of late somebody waits for it more */
    (void)said(&c, "SCRIPT FLUSH"); /* each of the three parts finds its place all the same */
    queue_missing(c.queue, ids, lanes, IDS, on_missing, &found);
    assert_int_equal(awaited(&c, &found), 0);
    assert_int_equal(found.count, IDS);
    for (int i = 0; i < IDS; i++)
        assert_int_equal(found.missing[i], i == IDS - 1 || i == 1200 || (i >= 5 && i < 1105));
    queue_clear(c.queue, on_plain, &cleared);
    assert_int_equal(awaited(&c, &cleared), 0);
    assert_int_equal(said(&c, "KEYS " PREFIX ":job:*").count, 0);
    assert_int_equal(said(&c, "EXISTS " PREFIX ":ready:con-1:low " PREFIX ":gate:low " PREFIX ":lease").number, 0);
    assert_int_equal(said(&c, "EXISTS " PREFIX ":budget:meta:act_1").number, 1);
    close_case(&c);
}

static void says_so_when_redis_is_away(void **state)
{
    struct store_case c;
    struct answer a[7] = {0};
    struct queue_job j = job(0, "low");
    const struct call_feedback none = {.account = QUOTA_UNSAID, .app = QUOTA_UNSAID};
    (void)state;
    open_case_at(&c, "redis://127.0.0.1:1/0");
    queue_enqueue(c.queue, &j, 1, on_added, &a[0]);
    queue_claim(c.queue, "w", 1, 1, 1000, on_claimed, &a[1]);
    queue_beat(c.queue, "w", "{}", 1000, NULL, 0, on_beaten, &a[2]);
    queue_grant(c.queue, "id", "token", &none, on_yes, &a[3]);
    queue_missing(c.queue, ids, lanes, 1500, on_missing, &a[4]);
    queue_clear(c.queue, on_plain, &a[5]);
    queue_finish(c.queue, &(struct queue_finish){.id = "id", .token = "t"}, on_finished, &a[6]);
    for (int i = 0; i < 7; i++)
        assert_int_equal(a[i].calls, 0);
    for (int i = 0; i < 7; i++) {
        loop_run_until(c.loop, &a[i].done);
        assert_int_equal(a[i].rc, ERR_REDIS_AWAY);
        assert_false(a[i].yes);
        assert_int_equal(a[i].count, 0);
    }
    close_case(&c);
}

static void a_full_redis_takes_no_jobs(void **state)
{
    struct store_case c;
    struct queue_job j = job(0, "low");
    struct answer a = {0};
    (void)state;
    open_case(&c);
    (void)said(&c, "CONFIG SET maxmemory 1");
    queue_enqueue(c.queue, &j, 1, on_added, &a);
    const int rc = awaited(&c, &a);
    (void)said(&c, "CONFIG SET maxmemory 0");
    assert_int_equal(rc, ERR_REDIS);
    assert_non_null(strstr(a.e.text, "OOM"));
    assert_int_equal(said(&c, "KEYS *").count, 1); /* the life of the data */
    close_case(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(puts_many_in_once),
        cmocka_unit_test(claims_batches),
        cmocka_unit_test(grants_page_by_page),
        cmocka_unit_test(a_block_stops_the_account_or_the_app),
        cmocka_unit_test(beats),
        cmocka_unit_test(lets_go_in_every_way),
        cmocka_unit_test(tells_the_run),
        cmocka_unit_test(reaps_finds_removes_clears),
        cmocka_unit_test(says_so_when_redis_is_away),
        cmocka_unit_test(a_full_redis_takes_no_jobs),
    };
    name_ids();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
