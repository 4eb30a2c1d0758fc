#include "api/ops_routes.h"
#include "api/answer.h"
#include "common/store/dead_letter.h"
#include "common/store/listing.h"
#include "common/store/status.h"
#include <jansson.h>

static void on_status(void *arg, const char *json)
{
    answer_json(arg, 200, json);
}

void ops_status(struct call *c)
{
    const struct service *s = c->api->service;
    status_read(s->db, s->redis, s->settings->queue_prefix, on_status, c);
}

static void on_rows(void *arg, int rc, const char *const *rows, int count, const struct err *e)
{
    if (rc != 0)
        answer_err(arg, e);
    else
        answer_items(arg, rows, count, NULL);
}

void ops_dead_list(struct call *c)
{
    listing_read(c->api->service->db, LIST_DEAD, NULL, on_rows, c);
}

static void ignore(void *arg, int rc, const struct err *e)
{
    (void)arg, (void)rc, (void)e; /* the scheduler looks by itself, and the job ends by itself */
}

static void on_retried(void *arg, int rc, int count, const struct err *e)
{
    struct call *c = arg;

    if (rc != 0) {
        answer_err(c, e);
        return;
    }
    queue_wake_scheduler(c->api->service->queue, ignore, NULL);
    answer_object(c, 200, json_pack("{s:i}", "retried", count));
}

void ops_dead_retry(struct call *c)
{
    dead_letter_retry(c->api->service->db, c->id, on_retried, c);
}

static void on_dropped(void *arg, int rc, int count, const struct err *e)
{
    struct call *c = arg;
    const char *id = c->id;
    (void)count;

    if (rc != 0) {
        answer_err(c, e);
        return;
    }
    queue_remove(c->api->service->queue, &id, 1, ignore, NULL);
    answer_nothing(c, 204);
}

void ops_dead_drop(struct call *c)
{
    dead_letter_drop(c->api->service->db, c->id, on_dropped, c);
}
