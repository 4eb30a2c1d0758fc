#include "common/store/sql.h"
#include "common/base/buf.h"
#include "common/base/check.h"
#include "common/store/sql/sql_files.h"
#include <string.h>

enum { SQL_BYTES_MAX = 64 << 10, HOURLY_MAX = 16 };
#define FACTS_TABLE "metric_facts"
#define HOUR_MARK "--hour "

const char *sql_text(const char *name)
{
    const size_t len = strlen(name);
    for (const struct embedded_file *f = sql_files; f->name != NULL; f++)
        if (strncmp(f->name, name, len) == 0 && strcmp(f->name + len, ".sql") == 0)
            return f->text;
    CHECK(!"a query of common/store/sql by this name");
}

static char *make_hourly(const char *text)
{
    struct buf out;
    buf_init(&out, SQL_BYTES_MAX);
    while (*text != '\0') {
        if (strncmp(text, HOUR_MARK, strlen(HOUR_MARK)) == 0) {
            text += strlen(HOUR_MARK);
        } else if (strncmp(text, FACTS_TABLE, strlen(FACTS_TABLE)) == 0) {
            buf_add_str(&out, FACTS_TABLE "_hourly");
            text += strlen(FACTS_TABLE);
        } else {
            buf_add_char(&out, *text++);
        }
    }
    CHECK(!out.overflow);
    return out.data;
}

const char *sql_text_hourly(const char *name)
{
    static struct {
        const char *daily;
        char *hourly;
    } made[HOURLY_MAX];
    const char *daily = sql_text(name);
    int i = 0;
    while (i < HOURLY_MAX && made[i].daily != NULL && made[i].daily != daily)
        i++;
    CHECK(i < HOURLY_MAX);
    if (made[i].daily == NULL) {
        made[i].hourly = make_hourly(daily);
        made[i].daily = daily;
    }
    return made[i].hourly;
}
