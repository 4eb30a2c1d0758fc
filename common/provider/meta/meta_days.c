#include "common/provider/meta/meta_days.h"
#include "common/provider/meta/meta_request.h"
#include <string.h>

void meta_days_params(struct buf *url, const char *level, const struct slice *s)
{
    char from[DATE_TEXT], to[DATE_TEXT], range[64];

    (void)snprintf(range, sizeof range, "{\"since\":\"%s\",\"until\":\"%s\"}", date_text(s->from, from),
                   date_text(s->to, to));
    meta_url_param(url, "level", level);
    meta_url_param(url, "time_increment", "1");
    meta_url_param(url, "time_range", range);
}

int meta_day_read(const struct slice *s, const json_t *row, date_t *out, struct err *e)
{
    const char *start = json_string_value(json_object_get(row, "date_start"));
    const char *stop = json_string_value(json_object_get(row, "date_stop"));

    if (start == NULL || !date_parse(start, out))
        return err_set(e, ERR_ANSWER, "date_start is no day");
    if (stop != NULL && strcmp(start, stop) != 0)
        return err_set(e, ERR_ANSWER, "date_start %s and date_stop %s are not the same day", start, stop);
    if (*out < s->from || *out > s->to)
        return err_set(e, ERR_ANSWER, "date_start %s is outside of the days that were asked for", start);
    return 0;
}
