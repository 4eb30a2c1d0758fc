#include "cli/account_setup.h"
#include "cli/commands.h"
#include "cli/rows.h"
#include "cli/table.h"
#include "common/base/check.h"
#include "common/base/clk.h"
#include "common/base/decimal.h"
#include "common/base/mem.h"
#include "common/base/program.h"
#include "common/base/str.h"
#include "common/base/zone.h"
#include "common/plan/range_plan.h"
#include <inttypes.h>
#include <stdlib.h>

/* What a day comes to. */
struct day_sum {
    struct decimal spend;
    int64_t impressions, clicks;
};

struct verifying {
    struct answer answer;
    const json_t *connection;
    const struct provider *provider;
    const struct secret *token; /* borrowed: of `opened`, or the settings' */
    struct setup_token opened;
    date_t from, to, today;
    struct day_sum *said; /* by the provider, of each day */
    json_t **stored;      /* rows of LIST_STORED_DAYS, borrowed; NULL: never read */
    json_t **shown;       /* owned */
    int differing;
};

static int64_t whole(const char *text)
{
    int64_t value = 0;
    (void)str_to_i64(text, 0, INT64_MAX, &value);
    return value;
}

static void on_day(void *arg, const struct day_total *total)
{
    struct verifying *v = arg;
    struct day_sum *d = &v->said[total->day - v->from];
    CHECK(decimal_parse(total->spend, &d->spend));
    d->impressions = whole(total->impressions);
    d->clicks = whole(total->clicks);
}

static void on_asked(void *arg, int rc, const struct err *e)
{
    struct verifying *v = arg;
    answer_is(&v->answer, rc, e);
}

static int read_range(struct verifying *v, const struct args *a, struct err *e)
{
    const struct zone *zone = NULL;
    if (!date_parse(args_option(a, "--from"), &v->from) || !date_parse(args_option(a, "--to"), &v->to))
        return err_set(e, ERR_USAGE, "verify: --from and --to are days like 2026-11-22");
    int rc = zone_get(row_text(v->connection, "timezone"), &zone, e);
    if (rc < 0)
        return rc;
    v->today = zone_day(zone, clk_wall_ms());
    return range_check(v->from, v->to, v->today, v->provider->history_months(false), e);
}

static int choose_token(struct session *s, struct verifying *v, struct err *e)
{
    const char *source = row_text(v->connection, "token_source"), *id = row_text(v->connection, "token_id");
    if (strcmp(source, "env") == 0) {
        v->token = s->settings.meta_access_token;
        return v->token != NULL ? 0
                                : err_set(e, ERR_SETTING, "META_ACCESS_TOKEN is not set, and this connection needs it");
    }
    if (id[0] == '\0')
        return err_set(e, ERR_CONFLICT, "the connection has no token: metricx connection token gives it one");
    int rc = session_need(s, NEED_KEYS, e);
    if (rc == 0)
        rc = setup_open_token(s, id, &v->opened, e);
    v->token = v->opened.secret;
    return rc;
}

static struct decimal difference(const struct decimal *a, const struct decimal *b)
{
    struct decimal minus = {.units = -b->units, .scale = b->scale}, out;
    CHECK(decimal_add(a, &minus, &out));
    return out;
}

/* The provider rounds the spend of each ad: sums may differ by half of the last digit for each row. */
static bool adds_up(const struct day_sum *stored, const struct day_sum *said, int64_t rows, int digits)
{
    const struct decimal d = difference(&stored->spend, &said->spend);
    const struct decimal twice = {.units = (d.units < 0 ? -d.units : d.units) * 2, .scale = d.scale},
                         rounded = {.units = rows, .scale = d.scale > digits ? d.scale : digits};
    return stored->impressions == said->impressions && stored->clicks == said->clicks &&
           decimal_cmp(&twice, &rounded) <= 0;
}

/* Was the provider's total another one when the day was read? */
static bool has_moved(const json_t *stored, const struct day_sum *said)
{
    struct decimal then;
    return decimal_parse(row_text(stored, "total_spend"), &then) &&
           (decimal_cmp(&then, &said->spend) != 0 ||
            whole(row_text(stored, "total_impressions")) != said->impressions ||
            whole(row_text(stored, "total_clicks")) != said->clicks);
}

/* Why it may differ. */
static const char *likely_cause(const struct verifying *v, date_t day, const json_t *stored, const struct day_sum *said)
{
    if (stored == NULL)
        return "missing: it was never read";
    if (day >= v->today)
        return "moving: the day is not over";
    if (strcmp(row_text(stored, "state"), "failing") == 0)
        return "failing: it could not be read again";
    if (has_moved(stored, said))
        return "moving: the provider restated it after it was read";
    if (strcmp(row_text(stored, "cause"), "deleted") == 0)
        return "deleted: spent by ads that the provider lists no more";
    return strcmp(row_text(stored, "state"), "differs") == 0 ? "lost: the provider left rows out" : "differs";
}

static json_t *compare(struct verifying *v, date_t day)
{
    const struct day_sum *said = &v->said[day - v->from];
    const json_t *row = v->stored[day - v->from];
    struct day_sum stored = {.impressions = whole(row_text(row, "impressions")),
                             .clicks = whole(row_text(row, "clicks"))};
    char date[DATE_TEXT], ours[DECIMAL_TEXT], theirs[DECIMAL_TEXT], between[DECIMAL_TEXT];
    (void)decimal_parse(row_text(row, "spend"), &stored.spend);
    const bool equal =
        adds_up(&stored, said, row_int(row, "rows"), v->provider->money_digits(row_text(v->connection, "currency")));
    const struct decimal d = difference(&stored.spend, &said->spend);
    v->differing += !equal && day < v->today;
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:s}", "day", date_text(day, date), "stored",
                     decimal_text(&stored.spend, ours), "said", decimal_text(&said->spend, theirs), "difference",
                     equal ? "0" : decimal_text(&d, between), "impressions", (json_int_t)stored.impressions,
                     "said_impressions", (json_int_t)said->impressions, "clicks", (json_int_t)stored.clicks,
                     "said_clicks", (json_int_t)said->clicks, "result",
                     equal ? "equal" : likely_cause(v, day, row, said));
}

static void report(struct verifying *v)
{
    static const struct table_column columns[] = {{"DAY", "day"},
                                                  {"STORED", "stored"},
                                                  {"META", "said"},
                                                  {"DIFFERENCE", "difference"},
                                                  {"IMPRESSIONS", "impressions"},
                                                  {"META", "said_impressions"},
                                                  {"CLICKS", "clicks"},
                                                  {"META", "said_clicks"},
                                                  {"RESULT", "result"},
                                                  {0}};
    const int count = v->to - v->from + 1;
    for (int i = 0; i < count; i++) {
        v->shown[i] = compare(v, v->from + i);
        CHECK(v->shown[i] != NULL);
    }
    table_print(stdout, columns, v->shown, count);
    if (v->differing > 0)
        (void)fprintf(stderr, "%d of %d days differ; metricx sync --from … --to … reads them again\n", v->differing,
                      count);
}

static int ask(struct session *s, struct verifying *v, struct err *e)
{
    account_totals(&s->remote, v->provider, row_text(v->connection, "external_account_id"),
                   row_text(v->connection, "currency"), v->token, v->from, v->to, on_day, on_asked, v);
    return answer_wait(s, &v->answer, e);
}

static void find_stored(struct verifying *v, const struct rows *days)
{
    for (int i = 0; i < days->count; i++) {
        date_t day;
        if (date_parse(row_text(days->items[i], "event_date"), &day) && day >= v->from && day <= v->to)
            v->stored[day - v->from] = days->items[i];
    }
}

static int verify(struct session *s, struct verifying *v, struct err *e)
{
    const size_t count = (size_t)(v->to - v->from) + 1;
    struct rows days = {0};
    v->said = mem_new(count, sizeof *v->said);
    v->stored = mem_new(count, sizeof(json_t *));
    v->shown = mem_new(count, sizeof(json_t *));
    int rc = ask(s, v, e);
    if (rc == 0)
        rc = rows_read(s, LIST_STORED_DAYS, row_text(v->connection, "id"), &days, e);
    if (rc == 0) {
        find_stored(v, &days);
        report(v);
    }
    for (size_t i = 0; i < count; i++)
        json_decref(v->shown[i]);
    free(v->said);
    free(v->stored);
    free(v->shown);
    rows_clear(&days);
    return rc;
}

int cmd_verify(struct session *s, const struct args *a, struct err *e)
{
    struct verifying v = {0};
    struct rows connection = {0};
    int rc = session_need(s, NEED_REMOTE, e);
    if (rc == 0)
        rc = rows_read_one(s, LIST_CONNECTION, "connection", args_option(a, "--connection"), &connection, e);
    if (rc == 0) {
        v.connection = connection.items[0];
        rc = setup_provider(row_text(v.connection, "provider"), &v.provider, e);
    }
    if (rc == 0)
        rc = read_range(&v, a, e);
    if (rc == 0)
        rc = choose_token(s, &v, e);
    if (rc == 0)
        rc = verify(s, &v, e);
    secret_free(v.opened.secret);
    rows_clear(&connection);
    return rc == 0 && v.differing > 0 ? EXIT_FAILED : rc;
}
