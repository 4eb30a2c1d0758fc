#include "api/ingest_routes.h"
#include "api/answer.h"
#include "api/ingest_facts.h"
#include "api/ingest_turns.h"
#include "common/base/check.h"
#include "common/base/mem.h"
#include "common/io/loop.h"
#include "common/store/ingest.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_BYTES_MAX = 64 << 20 };

struct request {
    struct call *call;
    struct ingest_facts facts;
    struct ingest_turn turn;
};

static void request_free(void *state)
{
    struct request *q = state;
    ingest_facts_free(&q->facts);
    free(q);
}

static void answer(struct request *q, const struct ingest_answer *a)
{
    struct call *c = q->call;
    const size_t refused = q->facts.refused_count + (size_t)a->error_count;
    char *early = json_dumps(q->facts.refused, JSON_COMPACT);
    struct buf b;

    CHECK(early != NULL);
    buf_init(&b, ANSWER_BYTES_MAX);
    buf_addf(&b, "{\"success\":%s,\"ingested\":%lld,\"skipped\":%lld,\"errors\":[", refused == 0 ? "true" : "false",
             (long long)a->ingested, (long long)a->skipped);
    buf_add(&b, early + 1, strlen(early) - 2); /* without its brackets */
    for (int i = 0; i < a->error_count; i++) {
        buf_add_str(&b, i > 0 || json_array_size(q->facts.refused) > 0 ? "," : "");
        buf_add_str(&b, a->errors[i]);
    }
    buf_add_str(&b, "]}");
    free(early);
    answer_buf(c, q->facts.sent > 0 && refused == q->facts.sent ? 422 : 200, &b);
}

static void on_ingested(void *arg, int rc, const struct ingest_answer *a, const struct err *e)
{
    struct request *q = arg;
    ingest_turn_end(q->call->api->turns, &q->turn);
    if (rc != 0)
        answer_err(q->call, e);
    else
        answer(q, a);
}

static void run(void *arg)
{
    struct request *q = arg;
    struct ingest *good = q->facts.good;
    q->facts.good = NULL;
    ingest_run(q->call->db, q->call->ws, good, on_ingested, q);
}

/* Off the loop: ten thousand facts take longer than others should wait. */
static void read_facts(void *arg)
{
    struct request *q = arg;
    size_t len = 0;
    const char *text = http_body(q->call->x, &len);
    ingest_facts_read(&q->facts, text, len);
}

static void on_read(void *arg)
{
    const struct ingest_answer nothing = {0};
    struct request *q = arg;
    struct call *c = q->call;
    struct field_errors unfit = q->facts.unfit; /* an answer ends q before it is done with them */
    struct err e = q->facts.wrong;

    q->facts.unfit.list = NULL;
    if (unfit.list != NULL) {
        answer_fields(c, 422, &unfit);
    } else if (!q->facts.fits) {
        answer_no_json(c, &e);
    } else if (q->facts.refused_count == q->facts.sent) {
        answer(q, &nothing);
    } else if (!ingest_turn_take(c->api->turns, &q->turn, c->ws, run, q)) {
        (void)err_set(&e, ERR_LIMIT, "too many ingests wait for their turn; try again in some seconds");
        answer_problem(c, 503, &e);
    }
}

void ingest(struct call *c)
{
    struct request *q = mem_new(1, sizeof *q);

    *q = (struct request){.call = c, .facts = {.schemas = c->api->schemas}};
    c->state = q;
    c->free_state = request_free;
    loop_work(c->api->service->loop, read_facts, on_read, q);
}
