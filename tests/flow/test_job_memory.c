#include "common/base/fernet.h"
#include "common/base/mem.h"
#include "tests/flow/job_case.h"
#include "tests/memory/refuse.h"
#include <stdlib.h>
/* A whole job with answers of Meta's and an encrypted token, with each of its requests for memory refused. */

#define KEY "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4="

enum { ROWS = 300, POINTS = 150 };

/* How a job went. */
struct outcome {
    bool put_back;
    struct asked put_back_as, finished;
    int rows; /* committed */
};

static struct buf pages[2];
static char *token_enc;

static void write_page(struct buf *body, const char *paging)
{
    buf_init(body, 4 << 20);
    buf_add_str(body, "{\"data\":[");
    for (int i = 0; i < ROWS; i++)
        buf_addf(body,
                 "%s{\"campaign_id\":\"1\",\"adset_id\":\"2\",\"ad_id\":\"%d\",\"date_start\":\"2026-11-02\","
                 "\"date_stop\":\"2026-11-02\",\"spend\":\"10.07\",\"impressions\":\"1000\",\"clicks\":\"3\"}",
                 i == 0 ? "" : ",", 1000 + i);
    buf_addf(body, "]%s}", paging);
}

static int setup_pages(void **state)
{
    struct secret *token = secret_new("EAAB-secret", 11);
    struct fernet *f = NULL;

    (void)state;
    write_page(&pages[0], ",\"paging\":{\"cursors\":{\"after\":\"QVFIUn\"},\"next\":"
                          "\"https://graph.facebook.com/v26.0/act_1/insights?after=QVFIUn\"}");
    write_page(&pages[1], "");
    assert_int_equal(fernet_new(KEY, &f, NULL), 0);
    assert_int_equal(fernet_seal(f, token, &token_enc, NULL), 0);
    fernet_free(f);
    secret_free(token);
    return 0;
}

static int teardown_pages(void **state)
{
    (void)state;
    buf_free(&pages[0]);
    buf_free(&pages[1]);
    free(token_enc);
    return 0;
}

/* Everybody does what the job asks for, until it is over. */
static void play(struct outcome *o)
{
    int fetched = 0;

    *o = (struct outcome){0};
    (void)claimed_job();
    for (int step = 0; ended == 0; step++) {
        const struct asked was = fakes.asked;

        assert_true(step < 100);
        assert_int_not_equal(was.op, OP_NONE);
        if (was.op == OP_FETCH)
            fakes.body = buf_str(&pages[fetched++ == 0 ? 0 : 1]);
        if (was.op == OP_STAGE || was.op == OP_MERGE)
            o->rows += was.rows;
        if (was.op == OP_PUT_BACK) {
            o->put_back = true;
            o->put_back_as = was;
        }
        if (was.op == OP_FINISH)
            o->finished = was;
        fakes_end(0, was.op == OP_FETCH || was.op == OP_GRANT);
    }
    assert_int_equal(ended, 1);
    assert_int_equal(fakes.asked.op, OP_NONE);
    assert_int_equal(fakes.bodies, 0);
    assert_int_equal(fakes.settled, fakes.grants);
}

/* Returns the requests made. */
static long run(enum refusal how, long nth, struct outcome *o, bool *refused)
{
    struct fernet *f = NULL;
    long made;

    setup(NULL);
    assert_int_equal(fernet_new(KEY, &f, NULL), 0);
    context.fernet = f;
    context.config = (struct provider_config){.graph_url = "https://graph.facebook.com", .api_version = "v26.0"};
    fakes.provider = provider_find("meta");
    fakes.token_enc = token_enc;
    fakes.days = 30000; /* the rows' day is among them */
    fakes.rows_bytes = 2 * MEM_SMALL;
    assert_false(mem_short());
    refuse_begin(how, nth);
    play(o);
    made = refuse_end(refused);
    assert_null(service.not_ready);
    fernet_free(f);
    teardown(NULL);
    return made;
}

static bool is_lack(const char *code)
{
    return strcmp(code, "no_memory") == 0 || strcmp(code, "limit_reached") == 0;
}

static void check_outcome(const struct outcome *o, long nth)
{
    const bool whole = o->finished.how == FINISH_DONE && o->rows == 2 * ROWS && !o->put_back;
    const bool again = o->finished.how == FINISH_RETRY && o->put_back && o->put_back_as.fate == CHUNK_RETRY &&
                       o->put_back_as.connection_status[0] == '\0' && is_lack(o->finished.error_code);

    if (!whole && !again)
        fail_msg("request %ld refused: %s", nth, o->finished.error_code);
}

static void a_refusal_costs_an_attempt_at_most(void **state)
{
    struct outcome o;
    bool refused;
    const long made = run(REFUSE_ONE, 0, &o, &refused), step = made / POINTS + 1;
    long points = 0, again = 0;

    (void)state;
    assert_int_equal(o.finished.how, FINISH_DONE);
    assert_int_equal(o.rows, 2 * ROWS);
    for (long nth = 1; nth <= made; nth += nth < POINTS ? 1 : step) {
        for (enum refusal how = REFUSE_ONE; how <= REFUSE_GROWTH; how++) {
            (void)run(how, nth, &o, &refused);
            check_outcome(&o, nth);
            points += refused;
            again += o.put_back;
        }
    }
    print_message("%ld refusals, %ld attempts lost\n", points, again);
    assert_true(again > 0 && again < points);
    (void)run(REFUSE_ONE, 0, &o, &refused); /* and with memory back it is done */
    assert_int_equal(o.finished.how, FINISH_DONE);
    assert_int_equal(o.rows, 2 * ROWS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_refusal_costs_an_attempt_at_most)};
    return cmocka_run_group_tests(tests, setup_pages, teardown_pages);
}
