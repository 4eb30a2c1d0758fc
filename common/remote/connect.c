#include "common/remote/connect.h"
#include "common/base/check.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include "common/remote/account_call.h"
#include "common/store/run.h"
#include <stdlib.h>
#include <string.h>

/* An account as its provider describes it. */
struct found {
    char account[64], currency[16], timezone[64];
    char *name;
    bool closed;
};

struct connecting {
    struct remote *remote;
    const struct connect_request *q;
    struct found *found;
    int found_count, room;
    int at; /* of the accounts wanted */
    char token_id[UUID_TEXT];
    struct connected one;
    struct err first; /* failure */
    bool any, any_run;
    void (*each)(void *arg, const struct connected *one);
    void (*done)(void *arg, int rc, const struct err *e);
    void *arg;
};

static void connect_next(struct connecting *f);

static void add_found(void *arg, const struct account_info *info)
{
    struct connecting *f = arg;

    if (f->found_count == f->room) {
        f->room = f->room * 2 + 8;
        f->found = mem_resize(f->found, (size_t)f->room * sizeof *f->found);
        CHECK(f->found != NULL);
    }
    struct found *a = &f->found[f->found_count++];
    *a = (struct found){.name = str_dup(info->name), .closed = info->closed};
    (void)str_copy(a->account, sizeof a->account, info->account);
    (void)str_copy(a->currency, sizeof a->currency, info->currency);
    (void)str_copy(a->timezone, sizeof a->timezone, info->timezone);
}

static void connect_end(struct connecting *f, const struct err *e)
{
    f->done(f->arg, e->rc, e->rc == 0 ? NULL : e);
    for (int i = 0; i < f->found_count; i++)
        free(f->found[i].name);
    free(f->found);
    free(f);
}

/* A scheduler that does not hear of it finds the runs by itself. */
static void on_woken(void *arg, int rc, const struct err *e)
{
    struct connecting *f = arg;
    const struct err none = {0};

    (void)rc, (void)e;
    connect_end(f, f->any ? &none : &f->first);
}

static void say_one(struct connecting *f, const struct err *e)
{
    if (e != NULL)
        (void)err_copy(&f->one.e, e);
    if (f->one.e.rc == 0)
        f->any = true;
    else if (f->first.rc == 0)
        f->first = f->one.e;
    f->any_run |= f->one.run[0] != '\0';
    f->each(f->arg, &f->one);
    f->at++;
}

static void end_one(struct connecting *f, int rc, const struct err *e)
{
    say_one(f, rc == 0 ? NULL : e);
    connect_next(f);
}

static void on_run(void *arg, int rc, const struct run_answer *a, const struct err *e)
{
    struct connecting *f = arg;

    if (rc == 0)
        (void)str_copy(f->one.run, sizeof f->one.run, a->id);
    end_one(f, rc, e);
}

static void on_closed(void *arg, int rc, const char *id, const struct err *e)
{
    (void)id;
    end_one(arg, rc, e);
}

static void on_created(void *arg, int rc, const char *id, const struct err *e)
{
    struct connecting *f = arg;

    if (rc != 0) {
        end_one(f, rc, e);
        return;
    }
    (void)str_copy(f->one.id, sizeof f->one.id, id);
    const struct run_request run = {.connection_id = f->one.id,
                                    .kind = "full",
                                    .trigger = "connect",
                                    .from = DATE_NONE,
                                    .to = DATE_NONE,
                                    .granularity = "day",
                                    .interactive = true};
    if (f->one.closed)
        connection_set_status(f->q->db, f->one.id, "disabled", "the account is closed at the provider", on_closed, f);
    else if (f->q->sync)
        run_create(f->q->db, &run, on_run, f);
    else
        end_one(f, 0, NULL);
}

static const struct found *find(const struct connecting *f, const char *account)
{
    for (int i = 0; i < f->found_count; i++)
        if (strcmp(f->found[i].account, account) == 0)
            return &f->found[i];
    return NULL;
}

static void create(struct connecting *f)
{
    const struct found *a = find(f, f->one.account);

    CHECK(a != NULL); /* what was not found has ended before */
    const struct connection_row row = {.workspace_id = f->q->workspace_id,
                                       .provider = f->q->provider->name,
                                       .account = a->account,
                                       .name = a->name,
                                       .currency = a->currency,
                                       .timezone = a->timezone,
                                       .token_id = f->token_id[0] != '\0' ? f->token_id : NULL,
                                       .token_source = f->token_id[0] != '\0' ? "stored" : "env"};
    connection_create(f->q->db, &row, on_created, f);
}

static void on_stored(void *arg, int rc, const char *id, const struct err *e)
{
    struct connecting *f = arg;

    if (rc != 0) {
        end_one(f, rc, e);
        return;
    }
    (void)str_copy(f->token_id, sizeof f->token_id, id);
    create(f);
}

static const char *wanted(const struct connecting *f)
{
    if (f->q->count > 0)
        return f->at < f->q->count ? f->q->accounts[f->at] : NULL;
    return f->at < f->found_count ? f->found[f->at].account : NULL;
}

static void connect_next(struct connecting *f)
{
    const char *account;
    struct err e;

    while ((account = wanted(f)) != NULL) {
        const struct found *a = find(f, account);
        f->one = (struct connected){.account = account, .closed = a != NULL && a->closed};
        if (a != NULL && f->q->token_enc != NULL && f->token_id[0] == '\0') {
            token_add(f->q->db, f->q->workspace_id, f->q->provider->name, f->q->token_enc, NULL, on_stored, f);
            return;
        }
        if (a != NULL) {
            create(f);
            return;
        }
        (void)err_set(&e, ERR_NO_ACCESS, "%s is none of the ad accounts that the token may read", account);
        say_one(f, &e);
    }
    if (!f->any && f->first.rc == 0)
        (void)err_set(&f->first, ERR_NO_ACCESS, "the token may read no ad account");
    if (f->any_run)
        queue_wake_scheduler(f->q->queue, on_woken, f);
    else
        on_woken(f, 0, NULL);
}

static void on_listed(void *arg, int rc, const struct err *e)
{
    if (rc != 0)
        connect_end(arg, e);
    else
        connect_next(arg);
}

static void on_checked(void *arg, int rc, const struct account_info *info, const struct err *e)
{
    struct connecting *f = arg;

    if (rc == 0)
        add_found(f, info);
    on_listed(f, rc, e);
}

void connect_accounts(struct remote *r, const struct connect_request *q,
                      void (*each)(void *arg, const struct connected *one),
                      void (*done)(void *arg, int rc, const struct err *e), void *arg)
{
    struct connecting *f = mem_new(1, sizeof *f);

    *f = (struct connecting){.remote = r, .q = q, .each = each, .done = done, .arg = arg};
    if (q->token_id != NULL)
        (void)str_copy(f->token_id, sizeof f->token_id, q->token_id);
    if (q->count == 1)
        (void)account_check(r, q->provider, q->accounts[0], q->token, on_checked, f);
    else
        account_list(r, q->provider, q->token, add_found, on_listed, f);
}

/* --- another token for a connection --- */

struct reconnecting {
    const struct reconnect_request *q;
    char run[UUID_TEXT];
    void (*done)(void *arg, int rc, const char *run, const struct err *e);
    void *arg;
};

static void reconnect_end(struct reconnecting *f, int rc, const struct err *e)
{
    f->done(f->arg, rc, rc == 0 ? f->run : NULL, e);
    free(f);
}

static void on_reconnect_woken(void *arg, int rc, const struct err *e)
{
    (void)rc, (void)e;
    reconnect_end(arg, 0, NULL);
}

static void on_reconnect_run(void *arg, int rc, const struct run_answer *a, const struct err *e)
{
    struct reconnecting *f = arg;

    if (rc != 0) {
        reconnect_end(f, rc, e);
        return;
    }
    (void)str_copy(f->run, sizeof f->run, a->id);
    queue_wake_scheduler(f->q->queue, on_reconnect_woken, f);
}

static void on_token_set(void *arg, int rc, const char *id, const struct err *e)
{
    struct reconnecting *f = arg;
    const struct run_request run = {.connection_id = f->q->connection_id,
                                    .kind = "full",
                                    .trigger = "manual",
                                    .from = DATE_NONE,
                                    .to = DATE_NONE,
                                    .granularity = "day",
                                    .interactive = true};

    (void)id;
    if (rc != 0 || !f->q->sync)
        reconnect_end(f, rc, e);
    else
        run_create(f->q->db, &run, on_reconnect_run, f);
}

/* Whose refused token was replaced is asked for by the workers; this one was asked for just now. */
static void on_token_replaced(void *arg, int rc, const char *id, const struct err *e)
{
    struct reconnecting *f = arg;

    (void)id;
    if (rc != 0 || !f->q->sync)
        reconnect_end(f, rc, e);
    else
        connection_set_status(f->q->db, f->q->connection_id, "active", NULL, on_token_set, f);
}

static void on_token_stored(void *arg, int rc, const char *id, const struct err *e)
{
    struct reconnecting *f = arg;

    if (rc != 0)
        reconnect_end(f, rc, e);
    else
        connection_set_token(f->q->db, f->q->connection_id, id, on_token_set, f);
}

static void on_account_fits(void *arg, int rc, const struct account_info *info, const struct err *e)
{
    struct reconnecting *f = arg;
    const struct reconnect_request *q = f->q;

    (void)info;
    if (rc != 0)
        reconnect_end(f, rc, e);
    else if (q->token_id != NULL)
        connection_set_token(q->db, q->connection_id, q->token_id, on_token_set, f);
    else if (q->replaces != NULL)
        token_set(q->db, q->replaces, q->token_enc, q->said, on_token_replaced, f);
    else
        token_add(q->db, q->workspace_id, q->provider->name, q->token_enc, q->said, on_token_stored, f);
}

void reconnect(struct remote *r, const struct reconnect_request *q,
               void (*done)(void *arg, int rc, const char *run, const struct err *e), void *arg)
{
    struct reconnecting *f = mem_new(1, sizeof *f);

    *f = (struct reconnecting){.q = q, .done = done, .arg = arg};
    (void)account_check(r, q->provider, q->account, q->token, on_account_fits, f);
}
