#include "common/base/check.h"
#include "common/base/clk.h"
#include "common/base/log.h"
#include "common/base/metrics.h"
#include "common/base/str.h"
#include "worker/fate.h"
#include "worker/job_private.h"
#include <stdlib.h>

/* An older grant is given back: its call might leave too late to be counted in the right place. */
#define GRANT_GOOD_MS 2000
/* A page in hand is committed so many times before it is given up. */
#define COMMIT_TRIES 3
/* When even putting back fails, the queue hands the job out again after this: PostgreSQL is away, or refuses it. */
#define DATABASE_RETRY_MS 2000
#define DATABASE_REFUSED_RETRY_MS 60000

static const char *const state_names[] = {
    [OPENING] = "opening",     [GRANTING] = "granting",        [FETCHING] = "fetching",   [PARSING] = "parsing",
    [STAGING] = "staging",     [MERGING] = "merging",          [LISTED] = "listed",       [DOUBTING] = "doubting",
    [REREADING] = "rereading", [REPORTING] = "reporting",      [SHRINKING] = "shrinking", [FINISHING] = "finishing",
    [STRANDED] = "stranded",   [PUTTING_BACK] = "putting back"};

static const char *const finish_names[] = {"done", "retry", "yield", "dead", "drop"};

const char *job_id(const struct job *j)
{
    return j->claimed.id;
}

const char *job_token(const struct job *j)
{
    return j->claimed.token;
}

int job_page(const struct job *j)
{
    return j->chunk == NULL ? 0 : j->chunk->page;
}

int64_t job_rows(const struct job *j)
{
    return j->chunk == NULL ? 0 : j->chunk->rows;
}

const char *job_state_name(const struct job *j)
{
    return state_names[j->state];
}

static void job_end(struct job *j)
{
    if (j->lost && j->state != FINISHING) /* the queue said so, before PostgreSQL had to */
        metric_add(M_JOBS_FENCED, 1);
    log_info("job ended", F_STR("job", j->claimed.id), F_STR("run", j->chunk == NULL ? NULL : j->chunk->run_id),
             F_STR("how", j->lost ? "lost" : finish_names[j->how]), F_INT("page", job_page(j)),
             F_INT("rows", job_rows(j)), F_INT("ms", clk_mono_ms() - j->started_at_ms),
             F_ERR(j->why.rc == 0 ? NULL : &j->why));
    job_drop_page(j);
    job_free_chunk(j);
    secret_free(j->token);
    j->x->ended(j, j->x->arg);
    free(j);
}

/* The only place that changes j->state. */
static void job_wait(struct job *j, enum job_state next)
{
    log_debug("job", F_STR("job", j->claimed.id), F_STR("from", state_names[j->state]), F_STR("to", state_names[next]));
    j->state = next;
    job_begin(j);
}

/* Redis is away: no call, no acknowledgement; the state that needs it is entered again when it is back. The word that
 * it is away comes a turn late: it may be back by now, and nobody would say so again. */
static void strand(struct job *j, enum job_state in)
{
    j->stranded_in = in;
    if (j->x->stopping)
        job_end(j); /* the lease runs out by itself */
    else
        job_wait(j, redis_ready(j->x->service->redis) ? in : STRANDED);
}

static void let_go(struct job *j, enum finish_how how, int64_t delay_ms)
{
    j->how = how;
    j->delay_ms = delay_ms;
    job_drop_page(j);
    job_wait(j, FINISHING);
}

static void put_back_as(struct job *j, struct fate fate, int rc, const struct err *e)
{
    (void)err_copy(&j->why, e);
    j->why.rc = rc;
    j->fate = fate.chunk;
    j->delay_ms = fate.delay_ms;
    j->connection_status = fate.connection_status;
    j->how = fate.chunk == CHUNK_YIELD && fate.delay_ms == 0 ? FINISH_YIELD : FINISH_RETRY;
    job_drop_page(j);
    job_wait(j, PUTTING_BACK);
}

/* Every failure of a call and every reason to hand back: one policy. */
static void put_back(struct job *j, int rc, const struct err *e)
{
    put_back_as(j, fate_of(rc, j->chunk->attempts), rc, e);
}

static void put_back_stopping(struct job *j)
{
    put_back(j, ERR_CANCELED, &(struct err){.rc = ERR_CANCELED, .text = "the worker is stopping"});
}

/* Somebody else owns the chunk by now. */
static void let_go_fenced(struct job *j, const struct err *e)
{
    metric_add(M_JOBS_FENCED, 1);
    (void)err_copy(&j->why, e);
    let_go(j, FINISH_DROP, 0);
}

/* PostgreSQL did not take what became of the job: it stays as it was there. */
static void let_go_unsaid(struct job *j, int rc)
{
    let_go(j, FINISH_RETRY, rc == ERR_DB ? DATABASE_REFUSED_RETRY_MS : DATABASE_RETRY_MS);
}

static int open_token(struct job *j, struct err *e)
{
    const struct settings *s = j->x->service->settings;
    secret_free(j->token);
    j->token = NULL;
    if (j->chunk->token_enc == NULL) {
        if (s->meta_access_token == NULL)
            return err_set(e, ERR_SETTING, "META_ACCESS_TOKEN is not set, and this connection has no token of its own");
        j->token = secret_new(secret_reveal(s->meta_access_token), secret_len(s->meta_access_token));
        return 0;
    }
    if (j->x->fernet == NULL)
        return err_set(e, ERR_CRYPTO, "TOKEN_ENCRYPTION_KEY is not set, and this connection's token is encrypted");
    return fernet_open(j->x->fernet, j->chunk->token_enc, &j->token, NULL, e);
}

static void after_open(struct job *j, int rc, const struct err *e)
{
    struct err problem = {0};
    if (rc == ERR_CONFLICT) {
        let_go(j, FINISH_DROP, 0);
    } else if (rc == ERR_POISON) {
        j->run.plan = true; /* the scheduler looks at its run */
        (void)err_copy(&j->why, e);
        metric_add(M_JOBS_DEAD, 1);
        let_go(j, FINISH_DEAD, 0);
    } else if (rc != 0) {
        (void)err_copy(&j->why, e);
        let_go_unsaid(j, rc);
    } else if (j->x->stopping) {
        put_back_stopping(j);
    } else if ((rc = open_token(j, &problem)) != 0) {
        j->x->service->not_ready = rc == ERR_CRYPTO ? "no key of TOKEN_ENCRYPTION_KEY opens a connection's token"
                                                    : "META_ACCESS_TOKEN is not set, and a connection needs it";
        j->x->not_ready_at_ms = clk_mono_ms();
        put_back(j, rc, &problem);
    } else if (j->granted && clk_mono_ms() - j->granted_at_ms <= GRANT_GOOD_MS) {
        job_wait(j, FETCHING);
    } else {
        job_wait(j, GRANTING);
    }
}

static void after_grant(struct job *j, int rc, const struct err *e)
{
    if (rc == ERR_REDIS_AWAY || rc == ERR_TIMEOUT) {
        strand(j, GRANTING);
    } else if (rc == ERR_FENCED) {
        j->lost = true;
        job_end(j);
    } else if (rc != 0) {
        put_back(j, rc, e);
    } else if (!j->granted) {
        put_back(j, ERR_THROTTLED, &(struct err){.rc = ERR_THROTTLED, .text = "no call is granted now"});
    } else if (j->x->stopping) {
        put_back_stopping(j);
    } else if (clk_mono_ms() - j->granted_at_ms > GRANT_GOOD_MS) {
        job_wait(j, GRANTING);
    } else {
        job_wait(j, FETCHING);
    }
}

static void after_page_committed(struct job *j)
{
    metric_add(M_ROWS_STAGED, j->work.row_count);
    j->x->rows += j->work.row_count;
    j->calls_uncounted = 0;
    job_drop_page(j);
    if (j->x->stopping)
        put_back_stopping(j);
    else
        job_wait(j, GRANTING);
}

/* First the totals are doubted, then the slice. */
static void after_difference(struct job *j)
{
    metric_add(M_SLICES_DIFFERED, 1);
    j->commit_tries = 0;
    job_wait(j, j->chunk->checking ? REREADING : DOUBTING);
}

/* After the last page of a slice. */
static enum job_state closing_state(const struct job *j)
{
    const enum slice_kind kind = j->chunk->slice.kind;
    return kind == SLICE_CAMPAIGNS || (kind == SLICE_ENTITIES && j->chunk->stubs) ? LISTED : MERGING;
}

/* All facts are in hand: that the totals cannot be had is no reason to lose them. */
static bool merges_unchecked(const struct job *j, int rc)
{
    const struct fate fate = fate_of(rc, j->chunk->attempts);
    const bool last = j->chunk->attempts + 1 >= j->x->service->settings->max_attempts;
    return j->chunk->checking && fate.connection_status == NULL &&
           (fate.chunk == CHUNK_DEAD || (fate.chunk == CHUNK_RETRY && last));
}

/* A report is looked at again later, from the queue's parking lot: it holds no slot, and waiting is no failure. */
static void park(struct job *j)
{
    const struct fate fate = {.chunk = CHUNK_YIELD, .delay_ms = report_delay_ms(j->chunk->report.polls)};
    j->commit_tries = 0;
    put_back_as(j, fate, 0, &(struct err){0});
}

static void after_too_much(struct job *j, const struct err *e)
{
    job_shrink(j);
    if (j->shrink == LADDER_END) {
        put_back_as(j, (struct fate){.chunk = CHUNK_DEAD}, e->rc, e);
        return;
    }
    job_drop_page(j);
    j->commit_tries = 0;
    job_wait(j, SHRINKING);
}

static void after_call_failed(struct job *j, int rc, const struct err *e)
{
    metric_add(M_CALL_ERRORS, 1);
    const bool for_us = rc == ERR_LIMIT && !j->granted; /* else the request itself could not be made */
    if ((rc == ERR_TOO_MUCH_DATA || for_us) && job_can_shrink(j)) {
        after_too_much(j, e);
        return;
    }
    if (!merges_unchecked(j, rc)) {
        put_back(j, rc, e);
        return;
    }
    log_warn("the account's totals cannot be had, its days are stored unchecked", F_STR("job", j->claimed.id),
             F_STR("run", j->chunk->run_id), F_ERR(e));
    job_drop_page(j);
    j->unchecked = true;
    j->commit_tries = 0;
    job_wait(j, MERGING);
}

static void after_page(struct job *j)
{
    struct err e = {0};
    if (job_check_limits(j, &e) != 0) { /* the same again would end there too */
        put_back_as(j, (struct fate){.chunk = CHUNK_DEAD}, e.rc, &e);
        return;
    }
    j->commit_tries = 0;
    job_wait(j, j->work.next != NULL ? STAGING : closing_state(j));
}

static void after_report(struct job *j)
{
    struct err e = {0};
    switch (job_report(j)) {
    case REPORT_WAIT:
        park(j);
        return;
    case REPORT_READ:
    case REPORT_ANEW:
        job_drop_page(j);
        j->commit_tries = 0;
        job_wait(j, REPORTING);
        return;
    case REPORT_GIVE_UP:
        (void)err_set(&e, ERR_TOO_MUCH_DATA, "the report never got ready: %s",
                      *j->work.verdict.text == '\0' ? "it stands still or is gone" : j->work.verdict.text);
        after_too_much(j, &e);
        return;
    }
}

static void after_merge(struct job *j)
{
    metric_add(M_ROWS_STAGED, j->work.row_count);
    metric_add(M_ROWS_INSERTED, j->run.inserted);
    metric_add(M_ROWS_UPDATED, j->run.updated);
    metric_add(M_ROWS_REMOVED, j->run.removed);
    metric_add(M_JOBS_DONE, 1);
    j->x->rows += j->work.row_count;
    let_go(j, FINISH_DONE, 0);
}

/* A page in hand is worth another try; whether a broken commit landed is told by the fence (ERR_GONE: it did). */
static void after_commit_failed(struct job *j, int rc, const struct err *e)
{
    bool passing = rc == ERR_DB_AWAY || rc == ERR_CONFLICT || rc == ERR_TIMEOUT;
    if (rc == ERR_FENCED) {
        let_go_fenced(j, e);
    } else if (rc == ERR_NOT_FOUND && j->state == LISTED) {
        job_wait(j, MERGING); /* every stub came with the listing, or no campaign has facts */
    } else if (rc == ERR_GONE) {
        job_drop_page(j);
        job_wait(j, OPENING);
    } else if (passing && ++j->commit_tries < COMMIT_TRIES) {
        job_wait(j, j->state);
    } else {
        put_back(j, rc, e);
    }
}

static void after_finish(struct job *j)
{
    static const enum metric counted[] = {
        [FINISH_RETRY] = M_JOBS_RETRIED, [FINISH_YIELD] = M_JOBS_YIELDED, [FINISH_DEAD] = M_JOBS_DEAD};
    if (j->how == FINISH_RETRY || j->how == FINISH_YIELD || j->how == FINISH_DEAD)
        metric_add(counted[j->how], 1);
    job_end(j);
}

/* A commit that landed changed how the run stands, and nobody else tells that to those who watch. */
static bool has_news(const struct job *j, int rc)
{
    return j->state == FINISHING || (rc == 0 && (j->state == MERGING || j->state == PUTTING_BACK));
}

static void after_put_back(struct job *j, int rc, const struct err *e)
{
    if (rc == ERR_FENCED)
        let_go_fenced(j, e);
    else if (rc == ERR_DB_AWAY && j->chunk->report.is_new && ++j->commit_tries < COMMIT_TRIES)
        job_wait(j, PUTTING_BACK); /* forgotten, the report would be made twice */
    else if (rc != 0)
        let_go_unsaid(j, rc);
    else
        job_wait(j, FINISHING);
}

/* The whole flow, top to bottom: what j->state awaited ended with rc; so now … */
void job_step(struct job *j, int rc, const struct err *e)
{
    if (j->lost && !has_news(j, rc)) {
        job_end(j);
        return;
    }
    switch (j->state) {
    case OPENING:
        after_open(j, rc, e);
        return;
    case GRANTING:
        after_grant(j, rc, e);
        return;
    case FETCHING:
        if (rc == 0) {
            job_wait(j, PARSING);
            return;
        }
        after_call_failed(j, rc, e);
        return;
    case PARSING:
        if (rc == 0 && j->work.report_word != REPORT_SAYS_NOTHING) {
            after_report(j);
            return;
        }
        if (rc == 0)
            after_page(j);
        else
            after_call_failed(j, rc, e);
        return;
    case STAGING:
    case LISTED:
    case DOUBTING:
    case REREADING:
    case REPORTING:
    case SHRINKING:
        if (rc == 0)
            after_page_committed(j);
        else
            after_commit_failed(j, rc, e);
        return;
    case MERGING:
        if (rc == 0)
            after_merge(j);
        else if (rc == ERR_DIFFERS)
            after_difference(j);
        else
            after_commit_failed(j, rc, e);
        return;
    case PUTTING_BACK:
        after_put_back(j, rc, e);
        return;
    case FINISHING:
        if (rc == ERR_REDIS_AWAY || rc == ERR_TIMEOUT)
            strand(j, FINISHING);
        else
            after_finish(j);
        return;
    case STRANDED:
        break;
    }
}

struct job *job_start(struct job_context *x, const struct queue_claimed *claimed, int64_t claimed_at_ms)
{
    struct job *j = calloc(1, sizeof *j);
    CHECK(j != NULL);
    j->x = x;
    j->claimed = *claimed;
    j->granted = true;
    j->granted_at_ms = claimed_at_ms;
    j->feedback = (struct call_feedback){.account = QUOTA_UNSAID, .app = QUOTA_UNSAID};
    j->started_at_ms = clk_mono_ms();
    metric_add(M_JOBS_CLAIMED, 1);
    job_wait(j, OPENING);
    return j;
}

void job_lost(struct job *j)
{
    if (j->lost)
        return;
    j->lost = true;
    if (j->call != NULL)
        http_cancel(j->call); /* comes back through job_step, as all other states do by themselves */
    else if (j->state == STRANDED && j->stranded_in != FINISHING)
        job_end(j);
}

void job_redis_back(struct job *j)
{
    if (j->state == STRANDED)
        job_wait(j, j->stranded_in);
}

void job_hurry(struct job *j)
{
    if (j->call != NULL && !j->hurried) {
        j->hurried = true;
        http_cancel(j->call);
    } else if (j->state == STRANDED) {
        job_end(j);
    }
}
