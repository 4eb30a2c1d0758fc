#include "common/base/fernet.h"
#include "common/base/mem.h"
#include "common/base/settings.h"
#include "scheduler/request_entry.h"
#include "tests/memory/refuse.h"
#include "tests/unit/common/provider/meta/answers.h"
#include <stdlib.h>
#include <unistd.h>
/* Every parser of bytes from outside, with each of its requests for memory refused. It either says the same as with
 * memory, or that there was none; never something else about the bytes. */

enum { REQUESTS_MAX = 600000 /* of longer cases as many refusals as fit into so many, evenly */ };

static enum refusal how;
static long nth;
static bool refused;
static long points, passed; /* refusals in all; those that the result did not show */

static void begin(void)
{
    assert_false(mem_short());
    refuse_begin(how, nth);
}

/* Returns the requests made. */
static long over(void)
{
    return refuse_end(&refused);
}

static void say(struct buf *said, const char *text)
{
    buf_addf(said, "%s|", text == NULL ? "-" : text);
}

static void say_fact(struct buf *said, const struct fact_row *f)
{
    const char *const texts[] = {
        f->campaign_id, f->adset_id,      f->ad_id,       f->spend,   f->impressions,   f->clicks,
        f->purchases,   f->revenue,       f->conversions, f->leads,   f->installs,      f->visitors,
        f->link_clicks, f->registrations, f->reach,       f->actions, f->action_values, f->attribution_setting};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        say(said, texts[i]);
    buf_addf(said, "%d %d\n", (int)f->day, f->hour);
}

static void say_entity(struct buf *said, const struct entity_row *r)
{
    const char *const texts[] = {r->level,
                                 r->external_id,
                                 r->parent_external_id,
                                 r->campaign_external_id,
                                 r->name,
                                 r->status,
                                 r->daily_budget,
                                 r->lifetime_budget,
                                 r->configured_status,
                                 r->objective,
                                 r->created_at,
                                 r->updated_at,
                                 r->details};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        say(said, texts[i]);
    buf_add_char(said, '\n');
}

static void say_page(struct buf *said, const struct page *p)
{
    for (int i = 0; i < p->fact_count; i++)
        say_fact(said, &p->facts[i]);
    for (int i = 0; i < p->entity_count; i++)
        say_entity(said, &p->entities[i]);
    for (int i = 0; i < p->total_count; i++)
        buf_addf(said, "%d %s %s %s %s\n", (int)p->totals[i].day, p->totals[i].spend, p->totals[i].impressions,
                 p->totals[i].clicks, p->totals[i].conversions);
    say(said, p->next);
    say(said, p->report);
    buf_addf(said, "%d %d", (int)p->report_word, p->report_percent);
}

/* ---- answers of Meta's ---- */

static long read_answer(const struct slice *s, int status, const char *body, struct buf *said, int *rc)
{
    struct http_answer a = answer_of(status, "X-App-Usage: {\"call_count\":12}\r\n", body);
    struct verdict v;
    struct page p;
    long made;

    begin();
    provider_find("meta")->page_read(&test_config, s, NULL, &a, &p, &v);
    made = over();
    *rc = v.rc;
    if (v.rc == 0) {
        say_page(said, &p);
        page_clear(&p);
    } else {
        buf_addf(said, "%d/%d %s %d %d", v.code, v.subcode, v.text, (int)v.account.blocked_ms, (int)v.app.blocked_ms);
    }
    http_answer_clear(&a);
    return made;
}

static long facts(int rows, struct buf *said, int *rc)
{
    const struct slice s = test_slice(SLICE_FACTS);
    struct buf body;
    long made;

    buf_init(&body, 8 << 20);
    buf_add_str(&body, "{\"data\":[");
    for (int i = 0; i < rows; i++)
        buf_addf(&body,
                 "%s{\"campaign_id\":\"1\",\"adset_id\":\"2\",\"ad_id\":\"12020099%06d\",\"date_start\":\"2026-11-02\","
                 "\"date_stop\":\"2026-11-02\",\"spend\":\"1%d.07\",\"impressions\":\"10%d\",\"clicks\":\"3\","
                 "\"reach\":\"77\","
                 "\"actions\":[{\"action_type\":\"omni_purchase\",\"value\":\"2\"},{\"action_type\":\"a \\\"long\\\" "
                 "one that no "
                 "column is made of %d\",\"value\":\"1\"}],"
                 "\"action_values\":[{\"action_type\":\"omni_purchase\",\"value\":\"20.5\"}]}",
                 i == 0 ? "" : ",", i, i, i, i);
    buf_add_str(&body, "],\"paging\":{\"cursors\":{\"after\":\"QVFIUn\"},\"next\":"
                       "\"https://graph.facebook.com/v26.0/act_123/insights?after=QVFIUn\"}}");
    made = read_answer(&s, 200, buf_str(&body), said, rc);
    buf_free(&body);
    return made;
}

static long few_facts(struct buf *said, int *rc)
{
    return facts(4, said, rc);
}

static long many_facts(struct buf *said, int *rc)
{
    return facts(800, said, rc);
}

static long entities(struct buf *said, int *rc)
{
    const struct slice s = test_slice(SLICE_ENTITIES);

    return read_answer(&s, 200,
                       "{\"data\":[{\"id\":\"1\",\"name\":\"Summer \\u00fc \\u0000\",\"objective\":\"OUTCOME_SALES\","
                       "\"effective_status\":\"ACTIVE\",\"status\":\"ACTIVE\",\"daily_budget\":\"1234\","
                       "\"created_time\":\"2026-03-21T22:33:56-0700\",\"special_ad_categories\":[\"NONE\"]}]}",
                       said, rc);
}

static long looked_up(struct buf *said, int *rc)
{
    static const struct lookup lookups[] = {{"ad", "3"}, {"ad", "4"}};
    struct slice s = test_slice(SLICE_LOOKUPS);

    s.lookups = lookups;
    s.lookup_count = 2;
    return read_answer(&s, 200, "{\"id\":\"3\",\"name\":\"x\",\"effective_status\":\"ACTIVE\"}", said, rc);
}

static long totals(struct buf *said, int *rc)
{
    const struct slice s = test_slice(SLICE_TOTALS);

    return read_answer(&s, 200,
                       "{\"data\":[{\"date_start\":\"2026-11-02\",\"date_stop\":\"2026-11-02\",\"spend\":\"10.50\","
                       "\"impressions\":\"7\",\"clicks\":\"1\"}]}",
                       said, rc);
}

static long failed_report(struct buf *said, int *rc)
{
    struct slice s = test_slice(SLICE_REPORT);

    s.report = "77";
    return read_answer(
        &s, 200,
        "{\"id\":\"77\",\"async_status\":\"Job Failed\",\"async_percent_completion\":0,\"error_code\":100,"
        "\"error_subcode\":1487534,\"error_message\":\"too much\"}",
        said, rc);
}

/* ---- errors of Meta's ---- */

#define ERROR(code, subcode)                                                                                           \
    "{\"error\":{\"message\":\"as the test says\",\"type\":\"OAuthException\",\"code\":" #code                         \
    ",\"error_subcode\":" #subcode ",\"fbtrace_id\":\"AbCdEfGhIjKlMnOpQrS\"}}"

static long throttled(struct buf *said, int *rc)
{
    const struct slice s = test_slice(SLICE_FACTS);
    return read_answer(&s, 400, ERROR(17, 2446079), said, rc);
}

static long too_much(struct buf *said, int *rc)
{
    const struct slice s = test_slice(SLICE_FACTS);
    return read_answer(&s, 400, ERROR(100, 1487534), said, rc);
}

static long expired(struct buf *said, int *rc)
{
    const struct slice s = test_slice(SLICE_FACTS);
    return read_answer(&s, 400, ERROR(190, 463), said, rc);
}

static long filter_refused(struct buf *said, int *rc)
{
    const struct slice s = test_slice(SLICE_ENTITIES);
    return read_answer(&s, 400, ERROR(100, 0), said, rc);
}

static long account(struct buf *said, int *rc)
{
    struct http_answer a = answer_of(200, "",
                                     "{\"id\":\"act_1\",\"name\":\"A\",\"currency\":\"EUR\",\"timezone_name\":"
                                     "\"Europe/Berlin\",\"account_status\":1}");
    struct account_info info;
    struct verdict v;
    long made;

    begin();
    provider_find("meta")->account_read(&a, &info, &v);
    made = over();
    *rc = v.rc;
    say(said, info.account);
    say(said, info.name);
    say(said, info.currency);
    say(said, info.timezone);
    account_info_clear(&info);
    http_answer_clear(&a);
    return made;
}

static void on_account(void *arg, const struct account_info *info)
{
    say(arg, info->account);
}

static long accounts(struct buf *said, int *rc)
{
    struct http_answer a =
        answer_of(200, "",
                  "{\"data\":[{\"id\":\"act_1\",\"currency\":\"EUR\",\"timezone_name\":\"UTC\"},"
                  "{\"id\":\"act_2\",\"currency\":\"EUR\",\"timezone_name\":\"UTC\"}],\"paging\":"
                  "{\"cursors\":{\"after\":\"MjM\"},\"next\":\"https://graph.facebook.com/x?after=MjM\"}}");
    struct verdict v;
    struct buf next;
    long made;

    buf_init(&next, 8192);
    begin();
    provider_find("meta")->accounts_read(&a, on_account, said, &next, &v);
    made = over();
    *rc = v.rc;
    say(said, buf_str(&next));
    buf_free(&next);
    http_answer_clear(&a);
    return made;
}

/* ---- of others ---- */

static long request_entry(struct buf *said, int *rc)
{
    static const char text[] = "{\"connection_id\":\"0b54c3e4-0000-4000-8000-0000000000bb\",\"kind\":\"full\",\"from\":"
                               "\"2026-10-01\",\"to\":\"2026-10-31\",\"force\":true}";
    struct request_entry entry;
    struct err e = {0};
    long made;

    begin();
    *rc = request_entry_parse(text, strlen(text), &entry, &e);
    made = over();
    say(said, entry.connection_id);
    say(said, entry.kind);
    buf_addf(said, "%d %d %d", (int)entry.request.from, (int)entry.request.to, entry.request.force);
    return made;
}

static long wrong_request_entry(struct buf *said, int *rc)
{
    static const char text[] = "{\"connection_id\":\"0b54c3e4-0000-4000-8000-0000000000bb\",\"kind\":\"all of it\"}";
    struct request_entry entry;
    struct err e = {0};
    long made;

    begin();
    *rc = request_entry_parse(text, strlen(text), &entry, &e);
    made = over();
    say(said, e.text);
    return made;
}

#define KEY "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4="
#define OTHER_KEY "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static long fernet(struct buf *said, int *rc)
{
    struct secret *plain = secret_new("EAAB-secret", 11), *opened = NULL;
    struct fernet *f = NULL;
    struct err e = {0};
    char *token = NULL;
    long made;

    begin();
    *rc = fernet_new(OTHER_KEY "," KEY, &f, &e);
    if (*rc == 0)
        *rc = fernet_seal(f, plain, &token, &e);
    if (*rc == 0)
        *rc = fernet_open(f, token, &opened, NULL, &e);
    made = over();
    say(said, opened == NULL ? NULL : secret_reveal(opened));
    secret_free(plain);
    secret_free(opened);
    free(token);
    fernet_free(f);
    return made;
}

static long config_file(struct buf *said, int *rc)
{
    static char page_limit[] = "PAGE_LIMIT=200";
    static char *const environment[] = {page_limit, NULL};
    char path[] = "/tmp/metricx_settings_XXXXXX";
    const int fd = mkstemp(path);
    struct settings s;
    struct err e = {0};
    long made;

    assert_true(fd >= 0);
    dprintf(fd, "DATABASE_URL=postgresql://u@h/d\nREDIS_URL=redis://127.0.0.1\nTOKEN_ENCRYPTION_KEY=%s\n", KEY);
    (void)close(fd);
    begin();
    *rc = settings_load(&s, PROGRAM_WORKER, path, environment, &e);
    made = over();
    (void)unlink(path);
    if (*rc == 0) {
        say(said, s.database_url);
        say(said, s.redis_url);
        buf_addf(said, "%d", (int)s.page_limit);
    } else {
        say(said, e.text);
    }
    settings_clear(&s);
    return made;
}

/* ---- the loop ---- */

static const struct parser {
    const char *name;
    long (*run)(struct buf *said, int *rc);
    int rc; /* with memory */
} parsers[] = {
    {"few facts", few_facts, 0},
    {"many facts", many_facts, 0},
    {"entities", entities, 0},
    {"looked up", looked_up, 0},
    {"totals", totals, 0},
    {"failed report", failed_report, ERR_TOO_MUCH_DATA},
    {"throttled", throttled, ERR_THROTTLED},
    {"too much", too_much, ERR_TOO_MUCH_DATA},
    {"expired", expired, ERR_NEEDS_REAUTH},
    {"filter refused", filter_refused, 0},
    {"account", account, 0},
    {"accounts", accounts, 0},
    {"request entry", request_entry, 0},
    {"wrong request entry", wrong_request_entry, ERR_INPUT},
    {"fernet", fernet, 0},
    {"config file", config_file, 0},
};

static void run_refused(const struct parser *p, const char *right)
{
    struct buf said;
    int rc;

    buf_init(&said, 8 << 20);
    (void)p->run(&said, &rc);
    points += refused;
    passed += refused && rc == p->rc;
    if (rc == p->rc ? strcmp(buf_str(&said), right) != 0 : rc != ERR_NO_MEMORY && rc != ERR_LIMIT)
        fail_msg("%s, request %ld refused, %s: %s: %s", p->name, nth, how == REFUSE_ONE ? "alone" : "lasting",
                 err_name(rc), buf_str(&said));
    buf_free(&said);
}

static void what_is_refused_changes_no_meaning(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof parsers / sizeof parsers[0]; i++) {
        const struct parser *p = &parsers[i];
        struct buf right;
        long made, step;
        int rc;

        buf_init(&right, 8 << 20);
        how = REFUSE_ONE;
        nth = 0;
        made = p->run(&right, &rc);
        assert_int_equal(rc, p->rc);
        step = made * made / REQUESTS_MAX + 1;
        for (nth = 1; nth <= made; nth += step) {
            how = REFUSE_ONE;
            run_refused(p, buf_str(&right));
            how = REFUSE_GROWTH;
            run_refused(p, buf_str(&right));
        }
        nth = 0;
        run_refused(p, buf_str(&right)); /* and with memory back the same */
        buf_free(&right);
    }
    print_message("%ld refusals, %ld without effect\n", points, passed);
    assert_true(points > 1000 && passed > 0 && passed < points);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_refused_changes_no_meaning)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
