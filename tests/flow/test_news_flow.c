#include "common/base/mem.h"
#include "common/store/news.h"
#include "common/store/queue.h"
#include "scheduler/phase.h"
#include "tests/flow/redis_fakes.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct settings settings = {.queue_prefix = "p"};
static struct service service = {.settings = &settings};
static int ended, ended_rc;
static bool more;

/* PostgreSQL and the queue, played: what was asked for, and how the test ends it. */
static struct {
    void (*read)(void *, int, struct news *, const struct err *);
    void (*told)(void *, int, const struct err *);
    queue_done run[2];
    void *arg;
    int runs, marked;
    char event[400];
    bool run_ended;
} played;
static const struct err problem = {.rc = ERR_REDIS, .text = "as the test says"};

void news_read(struct db_pool *p, int limit, void (*done)(void *arg, int rc, struct news *n, const struct err *e),
               void *arg)
{
    (void)p, (void)limit;
    played.read = done;
    played.arg = arg;
}

void news_told(struct db_pool *p, const struct news *n, void (*done)(void *arg, int rc, const struct err *e), void *arg)
{
    (void)p, (void)n, (void)arg;
    played.marked++;
    played.told = done;
}

void news_free(struct news *n)
{
    if (n == NULL)
        return;
    free(n->runs);
    free(n->connections);
    free(n);
}

void news_connection_event(struct buf *out, const struct news_connection *c)
{
    buf_add_str(out, c->type);
}

void queue_run_update(struct queue *q, const char *run_id, const char *const *fields, bool is_ended,
                      const char *event_json, queue_done done, void *arg)
{
    (void)q, (void)run_id, (void)fields, (void)arg;
    (void)snprintf(played.event, sizeof played.event, "%s", event_json == NULL ? "none" : event_json);
    played.run_ended = is_ended;
    played.run[played.runs++] = done;
}

static void on_done(void *arg, int rc, const struct err *e)
{
    (void)arg, (void)e;
    ended++;
    ended_rc = rc;
}

static int setup(void **state)
{
    (void)state;
    redis_fakes_reset();
    memset(&played, 0, sizeof played);
    ended = 0;
    more = false;
    news_flow_start(&service, &more, on_done, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(ended, 1);
    assert_int_equal(redis_fakes_waiting(), 0);
    return 0;
}

static struct news *some_news(int runs, int connections)
{
    struct news *n = mem_new(1, sizeof *n);
    n->runs = mem_new((size_t)runs + 1, sizeof *n->runs);
    n->connections = mem_new((size_t)connections + 1, sizeof *n->connections);
    n->run_count = runs;
    n->connection_count = connections;
    for (int i = 0; i < runs; i++)
        n->runs[i] =
            (struct news_run){.news = {.run_id = "r", .status = "running"}, .start = true, .as = "started all"};
    for (int i = 0; i < connections; i++)
        n->connections[i] =
            (struct news_connection){.id = "k", .status = "needs_reauth", .type = "connection.needs_reauth"};
    return n;
}

static void without_news_nothing_is_told(void **state)
{
    (void)state;
    played.read(played.arg, 0, some_news(0, 0), NULL);
    assert_int_equal(ended_rc, 0);
    assert_int_equal(played.marked, 0);
}

static void what_was_told_is_marked_after_all_answers(void **state)
{
    (void)state;
    played.read(played.arg, 0, some_news(2, 1), NULL);
    assert_non_null(strstr(played.event, "\"type\":\"run.started\""));
    assert_string_equal(redis_fakes_command(), "PUBLISH p:events connection.needs_reauth");
    played.run[0](played.arg, 0, NULL);
    redis_fakes_int(1);
    assert_int_equal(played.marked, 0);
    played.run[1](played.arg, 0, NULL);
    assert_int_equal(played.marked, 1);
    played.told(played.arg, 0, NULL);
    assert_int_equal(ended_rc, 0);
    assert_false(more);
}

static void what_could_not_be_told_stays_news(void **state)
{
    (void)state;
    played.read(played.arg, 0, some_news(2, 0), NULL);
    played.run[0](played.arg, ERR_REDIS, &problem);
    assert_int_equal(ended, 0);
    played.run[1](played.arg, 0, NULL);
    assert_int_equal(played.marked, 0);
    assert_int_equal(ended_rc, ERR_REDIS);
}

static void a_run_that_is_only_asked_for_makes_no_event(void **state)
{
    (void)state;
    struct news *n = some_news(1, 0);
    n->runs[0].quiet = true;
    played.read(played.arg, 0, n, NULL);
    assert_string_equal(played.event, "none");
    assert_false(played.run_ended);
    played.run[0](played.arg, 0, NULL);
    played.told(played.arg, ERR_DB_AWAY, &problem);
    assert_int_equal(ended_rc, ERR_DB_AWAY);
}

static void a_change_without_a_word_of_its_own_is_marked_only(void **state)
{
    (void)state;
    struct news *n = some_news(0, 1);
    n->connections[0].type = NULL;
    played.read(played.arg, 0, n, NULL);
    assert_int_equal(played.marked, 1);
    played.told(played.arg, 0, NULL);
}

static void a_reading_that_fails_ends_the_phase(void **state)
{
    (void)state;
    played.read(played.arg, ERR_DB_AWAY, NULL, &problem);
    assert_int_equal(ended_rc, ERR_DB_AWAY);
}

static void a_full_batch_says_that_there_is_more(void **state)
{
    (void)state;
    struct news *n = some_news(0, 200);
    for (int i = 0; i < 200; i++)
        n->connections[i].type = NULL;
    played.read(played.arg, 0, n, NULL);
    assert_true(more);
    played.told(played.arg, 0, NULL);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(without_news_nothing_is_told),
        CASE(what_was_told_is_marked_after_all_answers),
        CASE(what_could_not_be_told_stays_news),
        CASE(a_run_that_is_only_asked_for_makes_no_event),
        CASE(a_change_without_a_word_of_its_own_is_marked_only),
        CASE(a_reading_that_fails_ends_the_phase),
        CASE(a_full_batch_says_that_there_is_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
