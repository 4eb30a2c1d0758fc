#include "scheduler/token_keeper.h"
#include "common/base/check.h"
#include "common/base/clk.h"
#include "common/base/fernet.h"
#include "common/base/log.h"
#include "common/base/str.h"
#include "common/remote/token_call.h"
#include "common/store/token_check.h"
#include <stdlib.h>

#define PROVIDER "meta"
#define REST_MS 10000      /* when none is due */
#define RELIEF_MS 60000    /* when the provider, the budget or a server refused */
#define LAST_WEEK_S 604800 /* of a token's life */

enum { ANSWER_BYTES_MAX = 1 << 20, STALL_SECONDS = 60 };

struct token_keeper {
    struct service *service;
    struct fernet *keys; /* NULL: it does nothing */
    struct http_client *http;
    struct remote remote;
    const struct provider *provider;
    int64_t rested_ms; /* monotonic; before it nothing is begun */
    bool looking;
    /* The token that is looked at. */
    char id[UUID_TEXT];
    char *sealed;
    struct secret *token;
    int64_t now_s; /* by the database's clock, when it was taken */
    bool http_closed;
    void (*stopped)(void *arg);
    void *stopped_arg;
};

static void stop_step(struct token_keeper *k)
{
    if (k->stopped != NULL && k->http_closed && !k->looking)
        loop_defer(k->service->loop, k->stopped, k->stopped_arg);
}

static void look_end(struct token_keeper *k, int64_t rest_ms)
{
    free(k->sealed);
    secret_free(k->token);
    k->sealed = NULL;
    k->token = NULL;
    k->looking = false;
    k->rested_ms = clk_mono_ms() + rest_ms;
    stop_step(k);
}

static void fail(struct token_keeper *k, const struct err *e)
{
    if (k->stopped == NULL)
        log_warn("token not looked at; again in an hour", F_STR("token", k->id), F_ERR(e));
    look_end(k, RELIEF_MS);
}

/* One that was replaced meanwhile is due by itself. */
static void on_noted(void *arg, int rc, const char *id, const struct err *e)
{
    struct token_keeper *k = arg;

    (void)id;
    if (rc != 0 && rc != ERR_NOT_FOUND)
        fail(k, e);
    else
        look_end(k, 0);
}

static void on_extended(void *arg, int rc, struct granted *g, const struct err *e)
{
    struct token_keeper *k = arg;
    char *fresh = NULL;
    struct err why;

    if (rc == 0 && (rc = fernet_seal(k->keys, g->token, &fresh, &why)) != 0)
        e = &why;
    if (rc != 0) {
        fail(k, e);
        return;
    }
    log_info("token extended", F_STR("token", k->id), F_INT("seconds", g->lifetime_s));
    token_refreshed(k->service->db, k->id, k->sealed, fresh, g->lifetime_s > 0 ? k->now_s + g->lifetime_s : 0, on_noted,
                    k);
    free(fresh);
}

static void on_inspected(void *arg, int rc, const struct token_info *info, const struct err *e)
{
    struct token_keeper *k = arg;

    if (rc != 0) {
        fail(k, e);
    } else if (!info->valid) {
        log_warn("token refused", F_STR("token", k->id), F_STR("reason", info->reason));
        token_refused(k->service->db, k->id, k->sealed, info->reason, on_noted, k);
    } else if (info->expires_at_s > 0 && info->expires_at_s - k->now_s < LAST_WEEK_S) {
        token_extend(&k->remote, k->provider, k->token, on_extended, k);
    } else {
        const struct token_said said = {info->expires_at_s, info->scopes, info->scope_count};
        if (!info->reads_ads)
            log_warn("token lacks the permission to read ads", F_STR("token", k->id));
        token_checked(k->service->db, k->id, k->sealed, &said, on_noted, k);
    }
}

static void on_due(void *arg, int rc, const struct token_row *t, int64_t now_s, const struct err *e)
{
    struct token_keeper *k = arg;
    struct err why;

    if (t != NULL) {
        (void)str_copy(k->id, sizeof k->id, t->id);
        k->sealed = str_dup(t->token_enc);
        k->now_s = now_s;
        rc = fernet_open(k->keys, t->token_enc, &k->token, NULL, &why);
        e = &why;
    }
    if (rc != 0)
        fail(k, e);
    else if (t == NULL)
        look_end(k, REST_MS);
    else
        token_inspect(&k->remote, k->provider, k->token, on_inspected, k);
}

void token_keeper_turn(struct token_keeper *k)
{
    if (k->keys == NULL || k->looking || k->stopped != NULL || clk_mono_ms() < k->rested_ms)
        return;
    k->looking = true;
    token_due(k->service->db, PROVIDER, on_due, k);
}

int token_keeper_new(struct service *s, struct token_keeper **out, struct err *e)
{
    const struct settings *set = s->settings;
    struct token_keeper *k = calloc(1, sizeof *k);

    CHECK(k != NULL);
    *out = k;
    k->service = s;
    k->provider = provider_find(PROVIDER);
    k->http = http_client_new(
        s->loop, &(struct http_client_options){.connect_timeout_ms = set->meta_connect_timeout_seconds * 1000,
                                               .timeout_ms = set->meta_timeout_seconds * 1000,
                                               .stall_seconds = STALL_SECONDS,
                                               .body_bytes_max = ANSWER_BYTES_MAX,
                                               .bodies_max = 1,
                                               .connections_max = 1});
    remote_init(&k->remote, s->loop, s->db, s->redis, k->http, set);
    if (set->token_encryption_key == NULL || set->meta_app_id == NULL || set->meta_app_secret == NULL) {
        log_info("stored tokens are not looked after: that takes TOKEN_ENCRYPTION_KEY, META_APP_ID, META_APP_SECRET");
        return 0;
    }
    return fernet_new(secret_reveal(set->token_encryption_key), &k->keys, e);
}

static void on_http_closed(void *arg)
{
    struct token_keeper *k = arg;

    k->http = NULL;
    k->http_closed = true;
    stop_step(k);
}

void token_keeper_stop(struct token_keeper *k, void (*stopped)(void *arg), void *arg)
{
    k->stopped = stopped;
    k->stopped_arg = arg;
    remote_stop(&k->remote);
    http_client_close(k->http, on_http_closed, k);
}

static void set_flag(void *arg)
{
    *(int *)arg = 1;
}

void token_keeper_free(struct token_keeper *k)
{
    int closed = 0;

    if (k == NULL)
        return;
    if (k->http != NULL) {
        http_client_close(k->http, set_flag, &closed);
        loop_run_until(k->service->loop, &closed);
    }
    fernet_free(k->keys);
    free(k);
}
