#include "common/base/mem.h"
#include "common/store/news.h"
#include "common/store/redis_keys.h"
#include "scheduler/phase.h"
#include <stdlib.h>

/* Read from PostgreSQL → told in Redis → marked as told. What breaks off in between is told again. */
#define NEWS_PER_TICK 200
#define EVENT_BYTES_MAX 65536

struct news_flow {
    struct service *s;
    struct news *news;
    int pending; /* commands under way */
    int failed;  /* the first failure of one, and its words */
    struct err why;
    bool *more;
    phase_done done;
    void *arg;
};

static void news_end(struct news_flow *f, int rc, const struct err *e)
{
    struct news_flow over = *f;
    struct err words = {0};
    if (rc != 0)
        (void)err_copy(&words, e);
    free(f);
    news_free(over.news);
    over.done(over.arg, rc, rc == 0 ? NULL : &words);
}

static void on_marked(void *arg, int rc, const struct err *e)
{
    news_end(arg, rc, e);
}

static void told_one(struct news_flow *f, int rc, const struct err *e)
{
    if (rc != 0 && f->failed == 0) {
        f->failed = rc;
        (void)err_copy(&f->why, e);
    }
    if (--f->pending > 0)
        return;
    if (f->failed != 0)
        news_end(f, f->failed, &f->why);
    else
        news_told(f->s->db, f->news, on_marked, f);
}

static void on_run_told(void *arg, int rc, const struct err *e)
{
    told_one(arg, rc, e);
}

static void on_published(void *arg, int rc, const struct redis_reply *r, const struct err *e)
{
    (void)r;
    told_one(arg, rc, e);
}

static void tell_run(struct news_flow *f, const struct news_run *run)
{
    struct run_fields fields;
    struct buf event;
    buf_init(&event, EVENT_BYTES_MAX);
    run_fields_fill(&fields, &run->news);
    run_event_write(&event, &run->news, run->start);
    queue_run_update(f->s->queue, run->news.run_id, fields.list, run->ended, run->quiet ? NULL : buf_str(&event),
                     on_run_told, f);
    buf_free(&event);
}

static void tell_connection(struct news_flow *f, const struct news_connection *c)
{
    struct buf event;
    char channel[KEY_MAX];
    buf_init(&event, EVENT_BYTES_MAX);
    news_connection_event(&event, c);
    const char *argv[] = {"PUBLISH", redis_key(channel, f->s->settings->queue_prefix, "events", NULL), buf_str(&event)};
    redis_command(f->s->redis, 3, argv, NULL, 0, on_published, f);
    buf_free(&event);
}

static void on_news(void *arg, int rc, struct news *n, const struct err *e)
{
    struct news_flow *f = arg;
    f->news = n;
    if (rc != 0 || n->run_count + n->connection_count == 0) {
        news_end(f, rc, e);
        return;
    }
    *f->more |= n->run_count == NEWS_PER_TICK || n->connection_count == NEWS_PER_TICK;
    f->pending = 1; /* so that none of the answers is the last before all were asked for */
    for (int i = 0; i < n->run_count; i++) {
        f->pending++;
        tell_run(f, &n->runs[i]);
    }
    for (int i = 0; i < n->connection_count; i++) {
        if (n->connections[i].type == NULL)
            continue;
        f->pending++;
        tell_connection(f, &n->connections[i]);
    }
    told_one(f, 0, NULL);
}

void news_flow_start(struct service *s, bool *more, phase_done done, void *arg)
{
    struct news_flow *f = mem_new(1, sizeof *f);
    f->s = s;
    f->more = more;
    f->done = done;
    f->arg = arg;
    news_read(s->db, NEWS_PER_TICK, on_news, f);
}
