#include "api/token_check.h"
#include "common/base/check.h"
#include "common/base/str.h"
#include "common/store/account.h"
#include "common/store/listing.h"
#include <stdlib.h>

struct checking {
    struct call *call;
    char id[UUID_TEXT];
    void (*go_on)(void *arg, struct opened_token *t, const struct err *e);
    void *arg;
};

static void check_end(struct checking *k, struct opened_token *t, const struct err *e)
{
    k->go_on(k->arg, t, e);
    free(k);
}

static void on_opened(void *arg, int rc, const struct token_row *row, struct secret *plain, const struct err *e)
{
    struct checking *k = arg;

    if (rc != 0) {
        check_end(k, NULL, e);
        return;
    }
    struct opened_token *t = calloc(1, sizeof *t);
    CHECK(t != NULL);
    t->provider = provider_find(row->provider);
    t->plain = plain;
    CHECK(t->provider != NULL);
    (void)str_copy(t->id, sizeof t->id, row->id);
    check_end(k, t, NULL);
}

static void on_row(void *arg, int rc, const char *const *rows, int count, const struct err *e)
{
    struct checking *k = arg;
    struct err missing;

    (void)rows;
    if (rc == 0 && count == 0) {
        (void)err_set(&missing, ERR_NOT_FOUND, "there is no such token");
        e = &missing;
    }
    if (rc != 0 || count == 0)
        check_end(k, NULL, e);
    else
        token_open(k->call->api->service->db, k->call->api->keys, k->id, on_opened, k);
}

void token_check(struct call *c, const char *id, void (*go_on)(void *arg, struct opened_token *t, const struct err *e),
                 void *arg)
{
    struct checking *k = calloc(1, sizeof *k);
    CHECK(k != NULL);
    *k = (struct checking){.call = c, .go_on = go_on, .arg = arg};
    (void)str_copy(k->id, sizeof k->id, id);
    listing_read(c->db, LIST_TOKEN, id, on_row, k);
}

void opened_token_free(struct opened_token *t)
{
    if (t == NULL)
        return;
    secret_free(t->plain);
    free(t);
}
