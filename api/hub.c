#include "api/hub.h"
#include "common/base/check.h"
#include "common/base/clk.h"
#include "common/base/id.h"
#include "common/base/json_text.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include "common/io/redis.h"
#include "common/store/redis_keys.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { PROGRESS_EVERY_MS = 1000 };

struct listener {
    struct hub *hub;
    struct listener *next;
    char workspace[UUID_TEXT];
    void (*heard)(void *arg, const struct event *e); /* NULL: has left */
    void *arg;
};

/* A run that moved within the last second, and what is to be told of it when that is over. */
struct paced {
    struct hub *hub;
    struct paced *next;
    char run_id[UUID_TEXT];
    char *waiting; /* text of an event; NULL: nothing new */
    struct timer *timer;
};

struct hub {
    struct loop *loop;
    struct redis *redis;
    struct listener *listeners;
    struct paced *paced;
    bool telling, missed;
};

static void sweep(struct hub *h)
{
    for (struct listener **at = &h->listeners; *at != NULL;) {
        struct listener *l = *at;
        if (l->heard == NULL) {
            *at = l->next;
            free(l);
        } else {
            at = &l->next;
        }
    }
}

/* workspace NULL: to all. */
static void tell(struct hub *h, const char *workspace, const struct event *e)
{
    h->telling = true;
    for (struct listener *l = h->listeners; l != NULL; l = l->next)
        if (l->heard != NULL && (workspace == NULL || strcmp(l->workspace, workspace) == 0))
            l->heard(l->arg, e);
    h->telling = false;
    sweep(h);
}

static void tell_text(struct hub *h, const json_t *json, const char *text, size_t len)
{
    const char *run = json_string_value(json_object_get(json, "run_id"));
    const char *id = json_string_value(json_object_get(json, "event_id"));
    const struct event e = {.type = json_string_value(json_object_get(json, "type")),
                            .run_id = run != NULL ? run : "",
                            .event_id = id != NULL ? id : "",
                            .text = text,
                            .len = len};
    tell(h, json_string_value(json_object_get(json, "workspace_id")), &e);
}

static struct paced **paced_find(struct hub *h, const char *run_id)
{
    struct paced **at = &h->paced;
    while (*at != NULL && strcmp((*at)->run_id, run_id) != 0)
        at = &(*at)->next;
    return at;
}

static void paced_drop(struct paced **at)
{
    struct paced *p = *at;
    *at = p->next;
    timer_cancel(p->timer);
    free(p->waiting);
    free(p);
}

static void on_second(void *arg)
{
    struct paced *p = arg;
    struct hub *h = p->hub;
    char *text = p->waiting;

    p->timer = NULL;
    p->waiting = NULL;
    if (text == NULL) {
        paced_drop(paced_find(h, p->run_id));
        return;
    }
    p->timer = timer_start(h->loop, PROGRESS_EVERY_MS, on_second, p);
    json_t *json = json_text_read(text, strlen(text), 0, NULL);
    tell_text(h, json, text, strlen(text));
    json_decref(json);
    free(text);
}

/* False when it is to wait. */
static bool pace(struct hub *h, const char *run_id, const char *text, size_t len)
{
    struct paced **at = paced_find(h, run_id), *p = *at;

    if (p != NULL) {
        free(p->waiting);
        p->waiting = str_printf("%.*s", (int)len, text);
        return false;
    }
    p = mem_new(1, sizeof *p);
    *p = (struct paced){.hub = h, .next = h->paced};
    (void)str_copy(p->run_id, sizeof p->run_id, run_id);
    p->timer = timer_start(h->loop, PROGRESS_EVERY_MS, on_second, p);
    h->paced = p;
    return true;
}

static void on_message(void *arg, const char *text, size_t len)
{
    struct hub *h = arg;
    json_t *json =
        json_text_read(text, len, 0, NULL); /* anybody may publish: what is no event of ours is passed over */
    const char *type = json_string_value(json_object_get(json, "type"));
    const char *run = json_string_value(json_object_get(json, "run_id"));

    if (type != NULL && json_is_string(json_object_get(json, "workspace_id"))) {
        const bool progress = run != NULL && uuid_valid(run) && strcmp(type, "run.progress") == 0;
        struct paced **before = run != NULL ? paced_find(h, run) : NULL;
        if (!progress && before != NULL && *before != NULL)
            paced_drop(before); /* what waited is older than this */
        if (!progress || pace(h, run, text, len))
            tell_text(h, json, text, len);
    }
    json_decref(json);
}

static void on_state(void *arg, bool connected)
{
    struct hub *h = arg;
    if (connected && h->missed)
        tell(h, NULL, NULL);
    h->missed = true; /* from the first loss on */
}

int hub_new(struct loop *l, const char *redis_url, const char *prefix, struct hub **out, struct err *e)
{
    struct hub *h = mem_new(1, sizeof *h);
    char channel[KEY_MAX];

    h->loop = l;
    const int rc = redis_new(l, redis_url, "metricx-api-events", &h->redis, e);
    if (rc != 0) {
        free(h);
        return rc;
    }
    redis_on_state(h->redis, on_state, h);
    redis_subscribe(h->redis, redis_key(channel, prefix, "events", NULL), on_message, h);
    *out = h;
    return 0;
}

struct closing {
    struct hub *hub;
    void (*closed)(void *arg);
    void *arg;
};

static void on_closed(void *arg)
{
    struct closing *c = arg;
    CHECK(c->hub->listeners == NULL);
    while (c->hub->paced != NULL)
        paced_drop(&c->hub->paced);
    free(c->hub);
    c->closed(c->arg);
    free(c);
}

void hub_close(struct hub *h, void (*closed)(void *arg), void *arg)
{
    struct closing *c = mem_new(1, sizeof *c);
    *c = (struct closing){h, closed, arg};
    redis_close(h->redis, on_closed, c);
}

struct listener *hub_listen(struct hub *h, const char *workspace, void (*heard)(void *arg, const struct event *e),
                            void *arg)
{
    struct listener *l = mem_new(1, sizeof *l);
    *l = (struct listener){.hub = h, .next = h->listeners, .heard = heard, .arg = arg};
    (void)str_copy(l->workspace, sizeof l->workspace, workspace);
    h->listeners = l;
    return l;
}

void hub_leave(struct listener *l)
{
    struct hub *h = l->hub;
    l->heard = NULL;
    if (!h->telling)
        sweep(h);
}
