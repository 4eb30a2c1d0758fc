#pragma once
#include "common/base/arena.h"
#include "common/base/date.h"
#include "common/base/err.h"
#include "common/base/http.h"
#include "common/provider/quota.h"
#include <stdbool.h>
#include <stdint.h>
/* What an advertising platform is to us: pure functions from a question to an HTTP request and from an answer to rows
 * and a verdict. No I/O, no clock, no globals; read_* may run on any thread. A new provider is one folder and one line
 * in registry.c. */

enum slice_kind { SLICE_ENTITIES, SLICE_LOOKUPS, SLICE_FACTS, SLICE_TOTALS, SLICE_REPORT, SLICE_CAMPAIGNS };

/* An entity that is asked for by its id, because listings do not have it. */
struct lookup {
    const char *level, *external_id;
};

/* One question: the entities of an account, some of them one by one, its facts of a range of days, the account's own
 * total of each of those days (one call for 90 days), a report of its facts that the provider makes in the background,
 * or the campaigns that have facts. */
struct slice {
    enum slice_kind kind;
    const char *account; /* act_N */
    const char *currency;
    date_t from, to;              /* both inclusive; facts and totals */
    bool hourly;                  /* facts only */
    const char *report;           /* facts: their pages are this report's; report: how is it (NULL: make one) */
    bool in_parts;                /* facts of days: all but actions, then actions; the rows are joined by their key */
    int64_t since_s;              /* entities: only those that changed after this (Unix seconds); 0 = all of them */
    const struct lookup *lookups; /* at least one; what does not exist any more is an empty page. Of facts: the
                                     campaigns that they are asked for one by one, if any */
    int lookup_count;
    int page_limit;
};

struct provider_config {
    const char *graph_url, *dialog_url, *api_version;
    const char *app_id;              /* NULL when not set */
    const struct secret *app_secret; /* NULL when not set */
};

/* Borrows the settings' texts. */
struct settings;
struct provider_config provider_config_of(const struct settings *s);

/* What an answer means, decided by its code and subcode, never by its text. */
struct verdict {
    int rc; /* 0, or ERR_NETWORK ERR_ANSWER ERR_TRANSIENT ERR_THROTTLED ERR_TOO_MUCH_DATA ERR_NEEDS_REAUTH ERR_NO_ACCESS
               ERR_BAD_REQUEST ERR_GONE (a cursor that no longer works: start the slice again) */
    int code, subcode;         /* the provider's own; 0 when it gave none */
    char text[320];            /* for people: the provider's words, its trace id; no token */
    struct quota account, app; /* on success too; a throttle blocks one of them */
};

/* All texts live in the page's arena. Decimals are canonical texts (see decimal.h). */
struct fact_row {
    const char *campaign_id, *adset_id, *ad_id;
    date_t day;
    int hour;          /* -1: the whole day, or an unknown hour of it */
    bool actions_only; /* the second part of a row, if there is a first; the numbers of the first are "0" */
    const char *spend, *impressions, *clicks, *link_clicks, *conversions, *revenue, *leads, *installs, *purchases,
        *registrations, *visitors;
    const char *reach, *attribution_setting; /* NULL when unknown */
    const char *actions, *action_values;     /* JSON objects */
};
struct day_total {
    date_t day;
    const char *spend, *impressions, *clicks, *conversions;
};
struct entity_row {
    const char *level; /* campaign, adset, ad */
    const char *external_id, *parent_external_id, *campaign_external_id;
    const char *name, *status, *configured_status, *objective;
    const char *daily_budget, *lifetime_budget; /* major units */
    const char *created_at, *updated_at;        /* ISO 8601 with offset */
    const char *details;                        /* a JSON object */
};
/* What an answer says of a report. */
enum report_word {
    REPORT_SAYS_NOTHING,
    REPORT_MADE,    /* it is being made; page.report is its id */
    REPORT_PENDING, /* page.report_percent of it is done */
    REPORT_READY,   /* its pages may be asked for */
    REPORT_UNSEEN,  /* there is none of that id: too early, or it is gone */
    REPORT_LOST     /* it will never be ready; the verdict's text says why */
};
struct page {
    struct arena arena;
    struct fact_row *facts;
    struct entity_row *entities;
    struct day_total *totals;
    int fact_count, entity_count, total_count;
    const char *next; /* cursor of the next page; NULL: this was the last */
    enum report_word report_word;
    const char *report;
    int report_percent;
};
void page_clear(struct page *p);

/* What an account check answers; the texts live in `arena`. */
struct account_info {
    struct arena arena;
    const char *account; /* act_N */
    const char *name, *currency, *timezone;
    bool closed; /* the platform says that the account is closed for good */
};
void account_info_clear(struct account_info *a);

/* What a platform says of a token; the texts live in `arena`. */
struct token_info {
    struct arena arena;
    bool valid;
    const char *reason;   /* when it is not valid: the platform's words */
    int64_t expires_at_s; /* 0: never */
    const char **scopes;
    int scope_count;
    bool reads_ads; /* the scopes suffice for what we read */
};
void token_info_clear(struct token_info *i);

struct provider {
    const char *name;
    /* Cursors are opaque texts of the provider's own: listings in turn, filters stepped down, pages. NULL: the first
     * page. */
    int (*page_request)(const struct provider_config *c, const struct slice *s, const char *cursor,
                        const struct secret *token, struct http_request *out, struct err *e);
    /* Fills *v always; *out only when v->rc is 0, then owned by the caller (page_clear). */
    void (*page_read)(const struct provider_config *c, const struct slice *s, const char *cursor,
                      const struct http_answer *a, struct page *out, struct verdict *v);
    int (*account_request)(const struct provider_config *c, const char *account, const struct secret *token,
                           struct http_request *out, struct err *e);
    void (*account_read)(const struct http_answer *a, struct account_info *out, struct verdict *v);
    /* The ad accounts that a token may read, page by page; as above. */
    int (*accounts_request)(const struct provider_config *c, const char *cursor, const struct secret *token,
                            struct http_request *out, struct err *e);
    /* Each account is given to each(arg, account); *next is "" after the last page. */
    void (*accounts_read)(const struct http_answer *a, void (*each)(void *arg, const struct account_info *info),
                          void *arg, struct buf *next, struct verdict *v);
    /* Logging in (OAuth): appends where people are sent to; again: they declined a scope before. ERR_SETTING when the
     * app is not configured. */
    int (*login_url)(const struct provider_config *c, const char *redirect_uri, const char *state, bool again,
                     struct buf *out, struct err *e);
    /* A code for a token, and a short-lived token for a long-lived one; both answers are read by grant_read. */
    int (*code_request)(const struct provider_config *c, const char *code, const char *redirect_uri,
                        struct http_request *out, struct err *e);
    int (*extend_request)(const struct provider_config *c, const struct secret *token, struct http_request *out,
                          struct err *e);
    /* *token is owned by the caller, NULL unless v->rc is 0; *lifetime_s 0: the platform did not say. */
    void (*grant_read)(const struct http_answer *a, struct secret **token, int64_t *lifetime_s, struct verdict *v);
    /* What a token is worth; app: the app's own token. A token that is not valid is an answer, not a failure. */
    int (*inspect_request)(const struct provider_config *c, const struct secret *token, const struct secret *app,
                           struct http_request *out, struct err *e);
    void (*inspect_read)(const struct http_answer *a, struct token_info *out, struct verdict *v);
    /* The shared goal word of an objective (contract, section 6); static, "other" for unknown ones, NULL for NULL. */
    const char *(*goal)(const char *objective);
    int (*history_months)(bool hourly);        /* how far back the platform keeps facts of days, or of hours */
    int (*money_digits)(const char *currency); /* behind the point of its amounts, at least: what rounding goes to */
    int listing_rows;                          /* of a full page of entities */
    int totals_rows;                           /* of a full page of totals */
    /* "act_12" or "12" to the canonical id; false when it is no account id. */
    bool (*account_id)(const char *text, char out[64]);
};

/* NULL when there is no provider of that name. */
const struct provider *provider_find(const char *name);
