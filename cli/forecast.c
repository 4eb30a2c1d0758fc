#include "cli/forecast.h"
#include "common/base/clk.h"
#include "common/store/forecast_ask.h"
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

enum { TIME_TEXT = 32 };

struct forecasting {
    struct answer answer;
    struct run_forecast forecast;
};

static void on_forecast(void *arg, int rc, const struct run_forecast *forecast, const struct err *e)
{
    struct forecasting *f = arg;
    if (rc == 0)
        f->forecast = *forecast;
    answer_is(&f->answer, rc, e);
}

static const char *time_text(int64_t at_ms, char out[TIME_TEXT])
{
    struct tm tm;
    time_t at = (time_t)(at_ms / 1000);
    if (gmtime_r(&at, &tm) == NULL || strftime(out, TIME_TEXT, "%Y-%m-%dT%H:%M:%S+00:00", &tm) == 0)
        out[0] = '\0';
    return out;
}

static void print_text(const struct run_forecast *f, int64_t now_ms)
{
    char at[TIME_TEXT];
    printf("%" PRId64 " calls in %" PRId64 " chunks, about %" PRId64 ":%02d:%02d, ", f->calls, f->chunks,
           f->seconds / 3600, (int)(f->seconds / 60 % 60), (int)(f->seconds % 60));
    if (f->starts_at_ms <= now_ms + 1000)
        printf("starting at once\n");
    else
        printf("starting at %s, when the budget allows it\n", time_text(f->starts_at_ms, at));
    if (f->guessed)
        (void)fprintf(stderr,
                      "nothing is known of the account's size yet: it takes at least this; sync its entities first "
                      "(--entities, three calls or more) for a better forecast\n");
}

int forecast_print(struct session *s, const struct run_request *r, bool json, struct err *e)
{
    struct forecasting f = {0};
    struct buf text;
    forecast_ask(s->db, &s->settings, r, on_forecast, &f);
    int rc = answer_wait(s, &f.answer, e);
    if (rc != 0)
        return rc;
    buf_init(&text, 1024);
    forecast_write(&text, &f.forecast);
    if (json)
        (void)puts(buf_str(&text));
    else
        print_text(&f.forecast, clk_wall_ms());
    buf_free(&text);
    return 0;
}
