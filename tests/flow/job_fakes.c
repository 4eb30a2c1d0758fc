#include "tests/flow/job_fakes.h"
#include "common/base/check.h"
#include "common/base/str.h"
#include <stdlib.h>

struct fakes fakes;

static struct {
    void (*opened)(void *, int, struct chunk *, const struct err *);
    void (*granted)(void *, int, bool, int64_t, const struct err *);
    http_done fetched;
    void (*parsed)(void *);
    void (*parse_work)(void *);
    void (*staged)(void *, int, const struct err *);
    void (*merged)(void *, int, const struct run_state *, const struct err *);
    void (*put_back)(void *, int, bool, const struct run_state *, const struct err *);
    void (*finished)(void *, int, bool, const struct err *);
    void *arg;
    struct chunk *chunk;
    int page_limit; /* of the request that is made */
} waiting;

void fakes_reset(void)
{
    fakes = (struct fakes){.page_rows = 10, .verdict = {.account = QUOTA_UNSAID, .app = QUOTA_UNSAID}};
}

static void ask(enum op op, void *arg)
{
    CHECK(fakes.asked.op == OP_NONE);
    fakes.asked = (struct asked){.op = op};
    waiting.arg = arg;
}

static void settle(const struct call_feedback *f)
{
    fakes.asked.feedback = *f;
}

void chunk_open(struct db_pool *p, const char *id, const char *worker, int max_deliveries,
                void (*done)(void *, int, struct chunk *, const struct err *), void *arg)
{
    (void)p, (void)id, (void)worker, (void)max_deliveries;
    ask(OP_OPEN, arg);
    waiting.opened = done;
}

void chunk_clear(struct chunk *c)
{
    free(c->cursor);
    free(c->token_enc);
}

void chunk_rows_copy(const struct chunk *c, const struct page *p, struct buf *out)
{
    (void)c, (void)p;
    buf_add_str(out, "rows");
}

void chunk_stage(struct db_pool *p, struct chunk *c, const struct buf *rows, int row_count, const char *next,
                 void (*done)(void *, int, const struct err *), void *arg)
{
    (void)p, (void)rows, (void)next;
    ask(OP_STAGE, arg);
    fakes.asked.rows = row_count;
    waiting.staged = done;
    waiting.chunk = c;
}

void chunk_check_again(struct db_pool *p, struct chunk *c, const struct buf *rows, int row_count,
                       void (*done)(void *, int, const struct err *), void *arg)
{
    (void)p, (void)rows;
    CHECK(!c->checking && !c->reread);
    ask(OP_DOUBT, arg);
    fakes.asked.rows = row_count;
    waiting.staged = done;
    waiting.chunk = c;
}

void chunk_read_again(struct db_pool *p, struct chunk *c, const struct buf *totals,
                      void (*done)(void *, int, const struct err *), void *arg)
{
    (void)p, (void)totals;
    CHECK(c->checking);
    ask(OP_REREAD, arg);
    waiting.staged = done;
    waiting.chunk = c;
}

void chunk_look_up(struct db_pool *p, struct chunk *c, const struct buf *rows, int row_count,
                   void (*done)(void *, int, const struct err *), void *arg)
{
    (void)p, (void)rows;
    CHECK(c->slice.kind == SLICE_CAMPAIGNS || (c->stubs && c->slice.kind == SLICE_ENTITIES));
    ask(OP_LOOK_UP, arg);
    fakes.asked.rows = row_count;
    waiting.staged = done;
    waiting.chunk = c;
}

void chunk_shrink(struct db_pool *p, struct chunk *c, enum ladder_step step, const struct shape *shape,
                  void (*done)(void *, int, const struct err *), void *arg)
{
    (void)p;
    ask(OP_SHRINK, arg);
    fakes.asked.step = step;
    fakes.asked.shape = *shape;
    waiting.staged = done;
    waiting.chunk = c;
}

/* As the store does it. */
static void ask_facts(struct chunk *c)
{
    const bool report = c->shape.rung == RUNG_REPORT;
    c->slice.kind = report && !c->report.ready                                      ? SLICE_REPORT
                    : c->shape.rung == RUNG_CAMPAIGNS && c->slice.lookup_count == 0 ? SLICE_CAMPAIGNS
                                                                                    : SLICE_FACTS;
    c->slice.report = report && c->report.id[0] != '\0' ? c->report.id : NULL;
}

void chunk_report_ready(struct db_pool *p, struct chunk *c, void (*done)(void *, int, const struct err *), void *arg)
{
    (void)p;
    ask(OP_REPORT, arg);
    waiting.staged = done;
    waiting.chunk = c;
}

void chunk_report_anew(struct db_pool *p, struct chunk *c, void (*done)(void *, int, const struct err *), void *arg)
{
    chunk_report_ready(p, c, done, arg);
    fakes.asked.anew = true;
}

void chunk_merge(struct db_pool *p, struct chunk *c, const struct buf *rows, int row_count, bool as_it_is,
                 void (*done)(void *, int, const struct run_state *, const struct err *), void *arg)
{
    (void)p, (void)rows;
    ask(OP_MERGE, arg);
    fakes.asked.as_it_is = as_it_is;
    fakes.asked.rows = row_count;
    waiting.merged = done;
    waiting.chunk = c;
}

void chunk_put_back(struct db_pool *p, struct chunk *c, enum chunk_fate fate, int64_t delay_ms, int max_attempts,
                    int calls, const char *connection_status, const struct err *why,
                    void (*done)(void *, int, bool, const struct run_state *, const struct err *), void *arg)
{
    (void)p, (void)max_attempts, (void)why;
    ask(OP_PUT_BACK, arg);
    fakes.asked.booked = c->booked_s > 0;
    fakes.asked.fate = fate;
    fakes.asked.report = c->report;
    fakes.asked.delay_ms = delay_ms;
    fakes.asked.calls = calls;
    (void)str_copy(fakes.asked.connection_status, sizeof fakes.asked.connection_status,
                   connection_status == NULL ? "" : connection_status);
    waiting.put_back = done;
}

void queue_grant(struct queue *q, const char *id, const char *token, const struct call_feedback *f,
                 void (*done)(void *, int, bool, int64_t, const struct err *), void *arg)
{
    (void)q, (void)id, (void)token;
    ask(OP_GRANT, arg);
    settle(f);
    waiting.granted = done;
}

void queue_finish(struct queue *q, const struct queue_finish *f, void (*done)(void *, int, bool, const struct err *),
                  void *arg)
{
    (void)q;
    ask(OP_FINISH, arg);
    settle(&f->feedback);
    fakes.asked.how = f->how;
    fakes.asked.run_ended = f->run_ended;
    fakes.asked.delay_ms = f->delay_ms;
    (void)str_copy(fakes.asked.error_code, sizeof fakes.asked.error_code, f->error == NULL ? "" : f->error);
    waiting.finished = done;
}

bool redis_ready(const struct redis *r)
{
    (void)r;
    return fakes.redis_ready;
}

struct http_call *http_send(struct http_client *c, const struct http_request *r, http_done done, void *arg)
{
    (void)c, (void)r;
    ask(OP_FETCH, arg);
    fakes.asked.page_limit = waiting.page_limit;
    waiting.fetched = done;
    return (struct http_call *)&waiting;
}

void http_cancel(struct http_call *call)
{
    (void)call;
    CHECK(fakes.asked.op == OP_FETCH);
    fakes.asked.cancelled = true;
}

void http_body_released(struct http_client *c)
{
    (void)c;
    fakes.bodies--;
}

struct http_answer http_answer_take(struct http_answer *a)
{
    struct http_answer taken = *a;
    *a = (struct http_answer){0};
    return taken;
}

void loop_work(struct loop *l, void (*work)(void *), void (*done)(void *), void *arg)
{
    (void)l;
    ask(OP_PARSE, arg);
    waiting.parse_work = work;
    waiting.parsed = done;
}

static int fake_request(const struct provider_config *c, const struct slice *s, const char *cursor,
                        const struct secret *token, struct http_request *out, struct err *e)
{
    (void)c, (void)cursor, (void)token;
    waiting.page_limit = s->page_limit;
    if (fakes.request_rc != 0)
        return err_set(e, fakes.request_rc, "as the test says");
    *out = (struct http_request){.method = "GET", .url = str_dup("http://127.0.0.1/")};
    return 0;
}

static void fake_read(const struct provider_config *c, const struct slice *s, const char *cursor,
                      const struct http_answer *a, struct page *out, struct verdict *v)
{
    (void)c, (void)cursor, (void)a;
    *v = fakes.verdict;
    if (v->rc != 0)
        return;
    arena_init(&out->arena, 1 << 20);
    if (s->kind == SLICE_TOTALS)
        out->total_count = fakes.page_rows;
    else
        out->fact_count = fakes.page_rows;
    out->next = arena_str(&out->arena, fakes.page_next);
    if (s->kind == SLICE_REPORT || s->report != NULL) {
        out->report_word = fakes.report_word;
        out->report = "77";
        out->report_percent = fakes.report_percent;
    }
}

const struct provider fake_provider = {
    .name = "fake", .page_request = fake_request, .page_read = fake_read, .listing_rows = 500};

static struct chunk *new_chunk(void)
{
    struct chunk *c = calloc(1, sizeof *c);
    CHECK(c != NULL);
    c->provider = &fake_provider;
    c->page = fakes.page > 0 ? fakes.page : 1;
    c->rows = fakes.rows;
    c->epoch = 1;
    c->booked_s = 1;
    c->attempts = fakes.attempts;
    c->checking = fakes.checking;
    c->stubs = fakes.stubs;
    c->slice.kind = c->stubs ? SLICE_ENTITIES : c->checking ? SLICE_TOTALS : SLICE_FACTS;
    c->slice.to = fakes.days > 0 ? fakes.days - 1 : 0;
    c->shape = fakes.shape;
    c->report = fakes.report;
    if (c->slice.kind == SLICE_FACTS)
        ask_facts(c);
    c->token_enc = str_dup(fakes.token_enc);
    return c;
}

static void end_fetch(int rc, bool sent, const struct err *e)
{
    struct http_answer answer = {.status = 200};
    buf_init(&answer.body, 1 << 20);
    if (rc == 0) {
        buf_add_str(&answer.body, "{}");
        fakes.bodies++;
    }
    waiting.fetched(waiting.arg, rc, rc == 0 ? &answer : NULL, sent, e);
    http_answer_clear(&answer);
}

static void shrink_chunk(struct chunk *c, const struct asked *was)
{
    c->shape = was->shape;
    if (was->step == LADDER_CUT)
        c->slice.from = c->slice.to - was->shape.days_limit + 1;
    if (c->slice.kind == SLICE_FACTS || c->slice.kind == SLICE_REPORT)
        ask_facts(c);
}

static void settle_report(struct chunk *c, bool anew)
{
    c->report.ready = !anew;
    if (anew)
        c->report.id[0] = '\0';
    ask_facts(c);
}

/* What a commit that landed leaves of the chunk, as the real one would. */
static void move_chunk_on(struct chunk *c, const struct asked *was)
{
    if (was->op == OP_STAGE) {
        c->page++;
        c->booked_s = 1;
    } else if (was->op == OP_LOOK_UP) {
        c->page++;
        c->stubs = false;
        c->slice.lookup_count = 2;
        c->slice.kind = c->slice.kind == SLICE_CAMPAIGNS ? SLICE_FACTS : SLICE_LOOKUPS;
    } else if (was->op == OP_SHRINK) {
        shrink_chunk(c, was);
    } else if (was->op == OP_REPORT) {
        settle_report(c, was->anew);
    } else {
        c->checking = was->op == OP_DOUBT;
        c->reread = was->op == OP_REREAD;
        c->slice.kind = was->op == OP_DOUBT ? SLICE_TOTALS : SLICE_FACTS;
    }
}

void fakes_end(int rc, bool yes)
{
    struct asked was = fakes.asked;
    struct err e = {.rc = rc, .text = "as the test says"};
    struct run_state run = {.status = "running", .ended = yes};
    const struct err *why = rc == 0 ? NULL : &e;
    CHECK(was.op != OP_NONE);
    fakes.asked.op = OP_NONE;
    if (rc == 0 && (was.op == OP_GRANT || was.op == OP_FINISH))
        fakes.settled += was.feedback.calls + was.feedback.refund;
    switch (was.op) {
    case OP_OPEN:
        waiting.opened(waiting.arg, rc, rc == 0 ? new_chunk() : NULL, why);
        break;
    case OP_GRANT:
        fakes.grants += rc == 0 && yes;
        waiting.granted(waiting.arg, rc, yes, 1000, why);
        break;
    case OP_FETCH:
        end_fetch(rc, yes, why);
        break;
    case OP_PARSE:
        waiting.parse_work(waiting.arg);
        waiting.parsed(waiting.arg);
        break;
    case OP_STAGE:
    case OP_LOOK_UP:
    case OP_SHRINK:
    case OP_REPORT:
    case OP_DOUBT:
    case OP_REREAD:
        if (rc == 0)
            move_chunk_on(waiting.chunk, &was);
        waiting.staged(waiting.arg, rc, why);
        break;
    case OP_MERGE:
        waiting.merged(waiting.arg, rc, rc == 0 ? &run : NULL, why);
        break;
    case OP_PUT_BACK:
        waiting.put_back(waiting.arg, rc, yes, rc == 0 ? &run : NULL, why);
        break;
    case OP_FINISH:
        waiting.finished(waiting.arg, rc, yes, why);
        break;
    case OP_NONE:
        break;
    }
}
