#include "common/remote/account_call.h"
#include "common/base/check.h"
#include "common/base/str.h"
#include "common/remote/remote_call.h"
#include <stdlib.h>

/* What each of the questions asks and keeps. */
struct asking {
    const struct provider *provider;
    const struct secret *token;
    char account[64];
    struct slice slice; /* of totals */
    struct account_info info;
    void (*checked)(void *arg, int rc, const struct account_info *info, const struct err *e);
    void (*each)(void *arg, const struct account_info *info);
    void (*each_day)(void *arg, const struct day_total *total);
    void (*ended)(void *arg, int rc, const struct err *e); /* of what comes in pages */
    void *arg;
};

static struct asking *asking_new(const struct provider *provider, const char *account, const struct secret *token,
                                 void *arg)
{
    struct asking *q = calloc(1, sizeof *q);

    CHECK(q != NULL);
    q->provider = provider;
    q->token = token;
    q->arg = arg;
    (void)str_copy(q->account, sizeof q->account, account);
    return q;
}

static void end_pages(void *arg, int rc, const struct err *e)
{
    struct asking *q = arg;

    q->ended(q->arg, rc, e);
    free(q);
}

/* --- one account --- */

static int request_account(void *arg, const struct provider_config *c, const char *cursor, struct http_request *out,
                           struct err *e)
{
    const struct asking *q = arg;

    (void)cursor;
    return q->provider->account_request(c, q->account, q->token, out, e);
}

static void read_account(void *arg, const struct provider_config *c, const char *cursor, const struct http_answer *a,
                         struct buf *next, struct verdict *v)
{
    struct asking *q = arg;

    (void)c, (void)cursor, (void)next;
    q->provider->account_read(a, &q->info, v);
}

static void end_account(void *arg, int rc, const struct err *e)
{
    struct asking *q = arg;

    q->checked(q->arg, rc, rc == 0 ? &q->info : NULL, e);
    account_info_clear(&q->info);
    free(q);
}

struct remote_call *account_check(struct remote *r, const struct provider *provider, const char *account,
                                  const struct secret *token,
                                  void (*done)(void *arg, int rc, const struct account_info *info, const struct err *e),
                                  void *arg)
{
    static const struct question question = {request_account, read_account, end_account};
    struct asking *q = asking_new(provider, account, token, arg);

    q->checked = done;
    return remote_ask(r, provider, account, NULL, &question, q);
}

void account_check_cancel(struct remote_call *c)
{
    remote_cancel(c);
}

/* --- all accounts of a token --- */

static int request_accounts(void *arg, const struct provider_config *c, const char *cursor, struct http_request *out,
                            struct err *e)
{
    const struct asking *q = arg;

    return q->provider->accounts_request(c, cursor, q->token, out, e);
}

static void read_accounts(void *arg, const struct provider_config *c, const char *cursor, const struct http_answer *a,
                          struct buf *next, struct verdict *v)
{
    const struct asking *q = arg;

    (void)c, (void)cursor;
    q->provider->accounts_read(a, q->each, q->arg, next, v);
}

void account_list(struct remote *r, const struct provider *provider, const struct secret *token,
                  void (*each)(void *arg, const struct account_info *info),
                  void (*done)(void *arg, int rc, const struct err *e), void *arg)
{
    static const struct question question = {request_accounts, read_accounts, end_pages};
    struct asking *q = asking_new(provider, "", token, arg);

    q->each = each;
    q->ended = done;
    (void)remote_ask(r, provider, "", "the token's ad accounts", &question, q);
}

/* --- totals --- */

static int request_totals(void *arg, const struct provider_config *c, const char *cursor, struct http_request *out,
                          struct err *e)
{
    const struct asking *q = arg;

    return q->provider->page_request(c, &q->slice, *cursor != '\0' ? cursor : NULL, q->token, out, e);
}

static void read_totals(void *arg, const struct provider_config *c, const char *cursor, const struct http_answer *a,
                        struct buf *next, struct verdict *v)
{
    const struct asking *q = arg;
    struct page page = {0};

    q->provider->page_read(c, &q->slice, *cursor != '\0' ? cursor : NULL, a, &page, v);
    if (v->rc != 0)
        return;
    for (int i = 0; i < page.total_count; i++)
        q->each_day(q->arg, &page.totals[i]);
    if (page.next != NULL)
        buf_add_str(next, page.next);
    page_clear(&page);
}

void account_totals(struct remote *r, const struct provider *provider, const char *account, const char *currency,
                    const struct secret *token, date_t from, date_t to,
                    void (*each)(void *arg, const struct day_total *total),
                    void (*done)(void *arg, int rc, const struct err *e), void *arg)
{
    static const struct question question = {request_totals, read_totals, end_pages};
    struct asking *q = asking_new(provider, account, token, arg);

    q->slice = (struct slice){.kind = SLICE_TOTALS,
                              .account = account,
                              .currency = currency,
                              .from = from,
                              .to = to,
                              .page_limit = (int)r->settings->page_limit};
    q->each_day = each;
    q->ended = done;
    (void)remote_ask(r, provider, account, NULL, &question, q);
}
