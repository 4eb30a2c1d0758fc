#include "common/base/buf.h"
#include "common/base/clk.h"
#include "common/base/str.h"
#include "common/store/run.h"
#include "scheduler/phase.h"
#include "scheduler/request_entry.h"
#include "tests/flow/redis_fakes.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define CONNECTION "0b54c3e4-0000-4000-8000-0000000000bb"
#define ID "0b54c3e4-0000-4000-8000-0000000000aa"
#define GOOD "{\"connection_id\":\"" CONNECTION "\",\"kind\":\"full\",\"id\":\"" ID "\"}"
#define BAD "{\"connection_id\":\"" CONNECTION "\",\"kind\":\"all\",\"id\":\"" ID "\"}"
#define TAKE "request_take p 4097 new"
#define TAKE_LEFTOVER "request_take p 4097 leftover"

static struct settings settings = {.queue_prefix = "p"};
static struct service service = {.settings = &settings};
static bool more;
static int ended, ended_rc;
static char ended_text[128];

static struct {
    void (*done)(void *arg, int rc, const struct run_answer *a, const struct err *e);
    void *arg;
    char id[UUID_TEXT];
} creating;

void run_create(struct db_pool *p, const struct run_request *r,
                void (*done)(void *arg, int rc, const struct run_answer *a, const struct err *e), void *arg)
{
    (void)p;
    assert_null(creating.done);
    creating.done = done;
    creating.arg = arg;
    (void)str_copy(creating.id, sizeof creating.id, r->id == NULL ? "" : r->id);
}

static void created(int rc, bool existed)
{
    struct run_answer a = {.existed = existed};
    struct err e = {.rc = rc, .text = "PostgreSQL as the test says"};
    void (*done)(void *, int, const struct run_answer *, const struct err *) = creating.done;
    assert_non_null(done);
    (void)str_copy(a.id, sizeof a.id, creating.id);
    creating.done = NULL;
    done(creating.arg, rc, rc == 0 ? &a : NULL, rc == 0 ? NULL : &e);
}

static void on_done(void *arg, int rc, const struct err *e)
{
    (void)arg;
    ended++;
    ended_rc = rc;
    (void)str_copy(ended_text, sizeof ended_text, rc == 0 ? "" : e->text);
}

static int setup(void **state)
{
    (void)state;
    redis_fakes_reset();
    clk_fake(1000, 5000);
    more = false;
    ended = ended_rc = 0;
    creating.done = NULL;
    requests_flow_start(&service, &more, on_done, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(ended, 1);
    assert_int_equal(redis_fakes_waiting(), 0);
    assert_null(creating.done);
    clk_real();
    return 0;
}

static void asked(const char *command)
{
    assert_string_equal(redis_fakes_command(), command);
}

static void leftovers(int64_t n)
{
    asked("LLEN p:requests:taking");
    redis_fakes_int(n);
}

static void take(const char *text)
{
    asked(TAKE);
    redis_fakes_str(text, strlen(text));
}

static void removed(const char *bytes, size_t len)
{
    size_t sent;
    assert_true(str_starts(redis_fakes_command(), "LREM p:requests:taking 1 "));
    assert_memory_equal(redis_fakes_word(3, &sent), bytes, len);
    assert_int_equal(sent, len);
    redis_fakes_int(1);
}

static void nothing_more(void)
{
    asked(TAKE);
    redis_fakes_nil();
    assert_int_equal(ended, 1);
    assert_int_equal(ended_rc, 0);
}

static void an_empty_list_is_two_questions(void **state)
{
    (void)state;
    leftovers(0);
    nothing_more();
    assert_false(more);
}

static void a_request_becomes_a_run_that_can_be_watched(void **state)
{
    (void)state;
    leftovers(0);
    take(GOOD "  ");
    assert_string_equal(creating.id, ID);
    created(0, false);
    asked("HSET p:run:" ID " status queued kind full error  connection_id " CONNECTION);
    redis_fakes_int(3);
    removed(GOOD "  ", strlen(GOOD "  "));
    nothing_more();
}

static void a_run_that_was_there_is_left_as_it_is(void **state)
{
    (void)state;
    leftovers(0);
    take(GOOD);
    created(0, true);
    removed(GOOD, strlen(GOOD));
    nothing_more();
}

static void what_a_dead_scheduler_left_comes_first(void **state)
{
    (void)state;
    leftovers(1);
    asked(TAKE_LEFTOVER);
    redis_fakes_str(GOOD, strlen(GOOD));
    created(0, true);
    removed(GOOD, strlen(GOOD));
    nothing_more();
}

static void a_leftover_that_somebody_else_took_is_no_harm(void **state)
{
    (void)state;
    leftovers(3);
    asked(TAKE_LEFTOVER);
    redis_fakes_nil();
    nothing_more();
}

static void what_cannot_be_read_is_rejected_with_its_bytes_and_the_reason(void **state)
{
    static const char raw[] = "{\"a\0b\":\"\xff\x01\"";
    size_t len;
    (void)state;
    leftovers(0);
    asked(TAKE);
    redis_fakes_str(raw, sizeof raw - 1);
    assert_true(str_starts(redis_fakes_command(),
                           "LPUSH p:requests:rejected {\"request\":\"{\\\"a\",\"id\":null,\"reason\":"
                           "\"the request is no JSON: "));
    assert_non_null(strstr(redis_fakes_word(2, &len), "\",\"at\":1000}"));
    redis_fakes_int(1);
    asked("LTRIM p:requests:rejected 0 999");
    redis_fakes_nil();
    removed(raw, sizeof raw - 1);
    nothing_more();
}

static void a_long_one_of_control_characters_is_listed_whole(void **state)
{
    struct buf b;
    size_t len;
    (void)state;
    buf_init(&b, 1 << 20);
    for (int i = 0; i < REQUEST_BYTES_MAX; i++)
        buf_add_char(&b, '\x01');
    leftovers(0);
    take(buf_str(&b));
    assert_non_null(strstr(redis_fakes_word(2, &len), "\",\"at\":1000}"));
    redis_fakes_int(1);
    redis_fakes_nil();
    removed(b.data, b.len);
    nothing_more();
    buf_free(&b);
}

/* As Redis hands it out, cut. */
static void one_that_is_too_long_is_rejected_by_its_name(void **state)
{
    char text[REQUEST_BYTES_MAX + 2];
    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    leftovers(0);
    take(text);
    assert_true(str_starts(redis_fakes_command(), "LPUSH p:requests:rejected {\"request\":\"\",\"id\":null,\"reason\":"
                                                  "\"the request has more than 4096 bytes\""));
    redis_fakes_int(1);
    redis_fakes_nil();
    removed(text, sizeof text - 1);
    nothing_more();
}

static void reject_named(int64_t new)
{
    leftovers(0);
    take(BAD);
    redis_fakes_int(1);
    redis_fakes_nil();
    asked("HSETNX p:run:" ID " status rejected");
    redis_fakes_int(new);
}

static void a_rejection_is_said_in_the_place_of_its_run(void **state)
{
    (void)state;
    reject_named(1);
    assert_true(str_starts(redis_fakes_command(), "HSET p:run:" ID " error kind is \"all\""));
    redis_fakes_int(1);
    asked("EXPIRE p:run:" ID " 604800");
    redis_fakes_int(1);
    removed(BAD, strlen(BAD));
    nothing_more();
}

static void a_rejection_touches_no_run_that_is_there(void **state)
{
    (void)state;
    reject_named(0);
    removed(BAD, strlen(BAD));
    nothing_more();
}

static void what_the_store_refuses_for_good_is_rejected(void **state)
{
    static const int reasons[] = {ERR_INPUT, ERR_NOT_FOUND, ERR_CONFLICT, ERR_LIMIT};
    (void)state;
    leftovers(0);
    for (size_t i = 0; i < 4; i++) {
        take("{\"connection_id\":\"" CONNECTION "\",\"kind\":\"full\"}");
        created(reasons[i], false);
        assert_non_null(strstr(redis_fakes_command(), "\"reason\":\"PostgreSQL as the test says\""));
        redis_fakes_int(1);
        redis_fakes_nil();
        redis_fakes_int(1); /* LREM */
    }
    nothing_more();
}

static void without_postgresql_it_stays_in_the_taking_list(void **state)
{
    (void)state;
    leftovers(0);
    take(GOOD);
    created(ERR_DB_AWAY, false);
    assert_int_equal(ended_rc, ERR_DB_AWAY);
    assert_string_equal(ended_text, "PostgreSQL as the test says");
}

static void one_that_postgresql_refuses_stays_and_holds_up_nobody(void **state)
{
    (void)state;
    leftovers(2);
    for (int i = 0; i < 2; i++) {
        asked(TAKE_LEFTOVER);
        redis_fakes_str(GOOD, strlen(GOOD));
        created(ERR_DB, false);
        asked("LMOVE p:requests:taking p:requests:taking LEFT RIGHT");
        redis_fakes_str(GOOD, strlen(GOOD));
    }
    take(GOOD);
    created(ERR_DB, false);
    take(GOOD);
    created(0, true);
    removed(GOOD, strlen(GOOD));
    nothing_more();
    assert_false(more);
}

static void a_rejection_that_redis_refuses_is_tried_again_in_the_next_tick(void **state)
{
    (void)state;
    leftovers(0);
    take("nonsense");
    redis_fakes_fail(ERR_REDIS);
    redis_fakes_nil();
    nothing_more();
}

static void without_redis_the_phase_is_over(void **state)
{
    (void)state;
    leftovers(0);
    take("nonsense");
    redis_fakes_fail(ERR_REDIS_AWAY);
    assert_int_equal(ended, 0);
    redis_fakes_fail(ERR_REDIS_AWAY);
    assert_int_equal(ended_rc, ERR_REDIS_AWAY);
    assert_string_equal(ended_text, "Redis as the test says");
}

static void a_tick_takes_a_bounded_number(void **state)
{
    (void)state;
    leftovers(0);
    for (int i = 0; i < 500; i++) {
        take(GOOD);
        created(0, true);
        removed(GOOD, strlen(GOOD));
    }
    assert_int_equal(ended_rc, 0);
    assert_true(more);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_empty_list_is_two_questions),
        CASE(a_request_becomes_a_run_that_can_be_watched),
        CASE(a_run_that_was_there_is_left_as_it_is),
        CASE(what_a_dead_scheduler_left_comes_first),
        CASE(a_leftover_that_somebody_else_took_is_no_harm),
        CASE(what_cannot_be_read_is_rejected_with_its_bytes_and_the_reason),
        CASE(a_long_one_of_control_characters_is_listed_whole),
        CASE(one_that_is_too_long_is_rejected_by_its_name),
        CASE(a_rejection_is_said_in_the_place_of_its_run),
        CASE(a_rejection_touches_no_run_that_is_there),
        CASE(what_the_store_refuses_for_good_is_rejected),
        CASE(without_postgresql_it_stays_in_the_taking_list),
        CASE(one_that_postgresql_refuses_stays_and_holds_up_nobody),
        CASE(a_rejection_that_redis_refuses_is_tried_again_in_the_next_tick),
        CASE(without_redis_the_phase_is_over),
        CASE(a_tick_takes_a_bounded_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
