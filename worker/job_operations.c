#include "common/base/clk.h"
#include "common/base/log.h"
#include "common/base/metrics.h"
#include "common/base/str.h"
#include "worker/job_private.h"
#include <stdlib.h>

#define CHUNK_DELIVERIES_MAX 5 /* starts without a committed page until a job counts as poison */

void job_free_chunk(struct job *j)
{
    if (j->chunk == NULL)
        return;
    chunk_clear(j->chunk);
    free(j->chunk);
    j->chunk = NULL;
}

void job_drop_page(struct job *j)
{
    page_work_clear(&j->work);
    if (j->holds_body)
        http_body_released(j->x->http);
    j->holds_body = false;
}

/* ---- answers of the services: each only fills in what it brought and steps on ---- */

static void on_opened(void *arg, int rc, struct chunk *c, const struct err *e)
{
    struct job *j = arg;
    if (rc == 0) {
        job_free_chunk(j);
        j->chunk = c;
        j->commit_tries = 0;
        job_shape(j);
        if (c->blocked_ms > 0 || c->app_blocked_ms > 0) { /* Redis does not know it */
            j->feedback.account.blocked_ms = c->blocked_ms;
            j->feedback.app.blocked_ms = c->app_blocked_ms;
        }
    }
    job_step(j, rc, e);
}

static void on_granted(void *arg, int rc, bool granted, int64_t retry_ms, const struct err *e)
{
    struct job *j = arg;
    (void)retry_ms;
    if (rc == 0) {
        j->feedback = (struct call_feedback){.account = QUOTA_UNSAID, .app = QUOTA_UNSAID};
        j->granted = granted;
    }
    job_step(j, rc, e);
}

static void on_fetched(void *arg, int rc, struct http_answer *a, bool sent, const struct err *e)
{
    struct job *j = arg;
    j->call = NULL;
    j->granted = false;
    j->feedback.calls = sent ? 1 : 0;
    j->feedback.refund = sent ? 0 : 1;
    if (sent) {
        j->chunk->booked_s = 0;
        j->calls_uncounted++;
        j->x->calls++;
        metric_add(M_CALLS, 1);
    }
    if (rc == 0) {
        j->work.answer = http_answer_take(a);
        j->holds_body = true;
    }
    job_step(j, rc, e);
}

static void note_version(struct job *j, const char *served)
{
    struct job_context *x = j->x;
    if (*served != '\0')
        metric_add(M_CALLS_UPGRADED, 1);
    if (strcmp(x->served, served) == 0)
        return;
    (void)str_copy(x->served, sizeof x->served, served);
    if (*served != '\0')
        log_warn("the provider answers in another API version than META_API_VERSION",
                 F_STR("asked", x->config.api_version), F_STR("served", served));
}

/* Until the next commit. Calls are counted within our own window. */
static void keep_said(struct quota *kept, const struct quota *said, int64_t window_ms)
{
    if (said->blocked_ms > kept->blocked_ms)
        kept->blocked_ms = said->blocked_ms;
    if (said->backoff_ms > 0)
        kept->backoff_ms = said->backoff_ms;
    if (said->window_ms > 0)
        kept->window_ms = said->window_ms < window_ms ? said->window_ms : window_ms;
}

static void on_parsed(void *arg)
{
    struct job *j = arg;
    const struct verdict *v = &j->work.verdict;
    struct err e = {0};
    j->feedback.account = v->account;
    j->feedback.app = v->app;
    note_version(j, v->served);
    if (v->stepped_down)
        log_warn("refused, and asked again with less", F_STR("job", j->claimed.id), F_STR("account", j->chunk->account),
                 F_STR("why", v->text));
    keep_said(&j->chunk->said, &v->account, j->x->service->settings->meta_window_seconds * 1000);
    keep_said(&j->chunk->app_said, &v->app, j->x->service->settings->meta_window_seconds * 1000);
    if (v->rc != 0)
        (void)err_set(&e, v->rc, "%s", v->text);
    job_step(j, v->rc, &e);
}

static void on_staged(void *arg, int rc, const struct err *e)
{
    job_step(arg, rc, e);
}

static void on_shrunk(void *arg, int rc, const struct err *e)
{
    struct job *j = arg;
    if (rc == 0)
        job_shape(j);
    job_step(j, rc, e);
}

static void on_merged(void *arg, int rc, const struct run_state *r, const struct err *e)
{
    struct job *j = arg;
    if (rc == 0)
        j->run = *r;
    job_step(j, rc, e);
}

/* What PostgreSQL made of it goes before what the answer said. */
static void hear_block(struct quota *heard, const struct quota *kept)
{
    if (kept->blocked_ms > heard->blocked_ms)
        heard->blocked_ms = kept->blocked_ms;
}

static void on_put_back(void *arg, int rc, bool dead, const struct run_state *r, const struct err *e)
{
    struct job *j = arg;
    if (rc == 0) {
        if (dead)
            j->how = FINISH_DEAD;
        if (r != NULL)
            j->run = *r;
        hear_block(&j->feedback.account, &j->chunk->said);
        hear_block(&j->feedback.app, &j->chunk->app_said);
        j->feedback.allowed = j->chunk->allowed;
    }
    job_step(j, rc, e);
}

static void on_finished(void *arg, int rc, bool stale, const struct err *e)
{
    struct job *j = arg;
    if (rc == 0 && stale)
        j->lost = true;
    job_step(j, rc, e);
}

/* ---- starting what a state waits for ---- */

static void fetch(struct job *j)
{
    struct http_request request = {0};
    struct err e = {0};
    int rc =
        j->chunk->provider->page_request(&j->x->config, &j->chunk->slice, j->chunk->cursor, j->token, &request, &e);
    if (rc != 0) { /* as with a cursor longer than a URL may be; the call in hand is given back */
        job_step(j, rc, &e);
        return;
    }
    j->call = http_send(j->x->http, &request, on_fetched, j);
    http_request_clear(&request);
}

static void finish(struct job *j)
{
    struct run_fields fields;
    struct buf event;
    struct queue_finish f = {.id = j->claimed.id,
                             .token = j->claimed.token,
                             .how = j->how,
                             .delay_ms = j->delay_ms,
                             .error = j->why.rc == 0 ? NULL : err_name(j->why.rc),
                             .feedback = j->feedback,
                             .wake_plan = j->run.plan || j->run.ended};
    if (j->granted)
        f.feedback.refund = 1;
    buf_init(&event, 64 << 10);
    if (j->chunk != NULL && j->run.status[0] != '\0') {
        struct run_news news = {.run_id = j->chunk->run_id,
                                .workspace_id = j->chunk->workspace_id,
                                .connection_id = j->chunk->connection_id,
                                .status = j->run.status,
                                .chunks_total = j->run.chunks_total,
                                .chunks_done = j->run.chunks_done,
                                .rows = j->run.rows,
                                .calls = j->run.calls,
                                .error_code = j->why.rc == 0 ? NULL : err_name(j->why.rc),
                                .error = j->why.rc == 0 ? NULL : j->why.text};
        run_fields_fill(&fields, &news);
        run_event_write(&event, &news, false);
        f.run_id = j->chunk->run_id;
        f.run_fields = fields.list;
        f.run_ended = j->run.ended;
        f.event_json = j->run.ended ? NULL : buf_str(&event); /* its end is told by the scheduler, however it came */
    }
    queue_finish(j->x->service->queue, &f, on_finished, j);
    buf_free(&event);
}

void job_begin(struct job *j)
{
    struct service *s = j->x->service;
    switch (j->state) {
    case OPENING:
        chunk_open(s->db, j->claimed.id, j->x->worker_id, CHUNK_DELIVERIES_MAX, j->commit_tries > 0, on_opened, j);
        break;
    case GRANTING:
        if (j->granted) { /* too old to be used: back with it */
            j->feedback.refund = 1;
            j->granted = false;
        }
        j->granted_at_ms = clk_mono_ms();
        queue_grant(s->queue, j->claimed.id, j->claimed.token, &j->feedback, on_granted, j);
        break;
    case FETCHING:
        fetch(j);
        break;
    case PARSING:
        j->work.config = &j->x->config;
        j->work.chunk = j->chunk;
        j->work.done = on_parsed;
        j->work.arg = j;
        page_work_start(s->loop, &j->work);
        break;
    case STAGING:
        chunk_stage(s->db, j->chunk, &j->work.rows, j->work.row_count, j->work.next, on_staged, j);
        break;
    case MERGING:
        chunk_merge(s->db, j->chunk, &j->work.rows, j->work.row_count,
                    j->unchecked || (j->chunk->reread && !job_is_empty_report(j)), on_merged, j);
        break;
    case LISTED:
        chunk_look_up(s->db, j->chunk, &j->work.rows, j->work.row_count, on_staged, j);
        break;
    case DOUBTING:
        chunk_check_again(s->db, j->chunk, &j->work.rows, j->work.row_count, on_staged, j);
        break;
    case REREADING:
        chunk_read_again(s->db, j->chunk, &j->work.rows, on_staged, j);
        break;
    case REPORTING:
        (j->report == REPORT_READ ? chunk_report_ready : chunk_report_anew)(s->db, j->chunk, on_staged, j);
        break;
    case SHRINKING:
        chunk_shrink(s->db, j->chunk, j->shrink, &j->shape, on_shrunk, j);
        break;
    case PUTTING_BACK:
        chunk_put_back(s->db, j->chunk, j->fate, j->delay_ms, (int)s->settings->max_attempts, j->calls_uncounted,
                       j->connection_status, &j->why, on_put_back, j);
        break;
    case FINISHING:
        finish(j);
        break;
    case STRANDED:
        break;
    }
}
