#include "api/run_wait.h"
#include "api/hub.h"
#include "common/base/check.h"
#include "common/base/clk.h"
#include "common/base/json_text.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include "common/store/listing.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* PostgreSQL says how it stands; events only say when to look. A look now and then besides, since events can be lost.
 */
enum { LOOK_EVERY_MS = 2000, WAITS_MAX = 250 };

struct waiting {
    struct waiting *next;
    struct call *call;
    char run_id[UUID_TEXT];
    int64_t until_ms;
    struct listener *listener;
    struct timer *timer;
    bool looking, look_again, over;
    void (*done)(struct call *c, int rc, const char *run_json, bool ended, const struct err *e);
};

static void look(struct waiting *w);

static void end(struct waiting *w, int rc, const char *run_json, bool ended, const struct err *e)
{
    struct waiting **at = &w->call->api->waiting;

    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    w->call->api->waiting_count--;
    hub_leave(w->listener);
    timer_cancel(w->timer);
    w->done(w->call, rc, run_json, ended, e);
    free(w);
}

static bool has_ended(const char *run_json)
{
    json_t *run = json_text_read(run_json, strlen(run_json), 0, NULL);
    const char *status = json_string_value(json_object_get(run, "status"));
    CHECK(status != NULL);
    const bool ended = strcmp(status, "queued") != 0 && strcmp(status, "running") != 0;
    json_decref(run);
    return ended;
}

static void on_timer(void *arg)
{
    struct waiting *w = arg;
    w->timer = NULL;
    look(w);
}

static void on_run(void *arg, int rc, const char *const *rows, int count, const struct err *e)
{
    struct waiting *w = arg;
    const int64_t left = w->until_ms - clk_mono_ms();
    struct err missing;

    w->looking = false;
    if (rc != 0) {
        end(w, rc, NULL, false, e);
    } else if (count == 0) {
        (void)err_set(&missing, ERR_NOT_FOUND, "there is no such run");
        end(w, missing.rc, NULL, false, &missing);
    } else if (has_ended(rows[0])) {
        end(w, 0, rows[0], true, NULL);
    } else if (left <= 0 || w->over) {
        end(w, 0, rows[0], false, NULL);
    } else if (w->look_again) {
        look(w);
    } else {
        w->timer = timer_start(w->call->api->service->loop, left < LOOK_EVERY_MS ? left : LOOK_EVERY_MS, on_timer, w);
    }
}

static void look(struct waiting *w)
{
    timer_cancel(w->timer);
    w->timer = NULL;
    w->look_again = w->looking;
    if (w->looking)
        return;
    w->looking = true;
    listing_read(w->call->db, LIST_RUN, w->run_id, on_run, w);
}

static void heard(void *arg, const struct event *e)
{
    struct waiting *w = arg;
    if (e == NULL || (strcmp(e->run_id, w->run_id) == 0 && strcmp(e->type, "run.progress") != 0))
        look(w);
}

void run_wait(struct call *c, const char *run_id, int64_t ms,
              void (*done)(struct call *c, int rc, const char *run_json, bool ended, const struct err *e))
{
    struct waiting *w = mem_new(1, sizeof *w);

    *w = (struct waiting){.next = c->api->waiting, .call = c, .until_ms = clk_mono_ms() + ms, .done = done};
    w->over = c->api->stopping || c->api->waiting_count >= WAITS_MAX; /* each keeps a connection */
    c->api->waiting_count++;
    (void)str_copy(w->run_id, sizeof w->run_id, run_id);
    c->api->waiting = w;
    w->listener = hub_listen(c->api->hub, c->ws, heard, w);
    look(w);
}

void run_wait_end_all(struct api *a)
{
    for (struct waiting *w = a->waiting; w != NULL; w = w->next) {
        w->over = true;
        look(w);
    }
}
