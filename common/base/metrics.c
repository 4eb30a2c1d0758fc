#include "common/base/metrics.h"
#include <inttypes.h>

static int64_t values[METRIC_COUNT];

void metric_add(enum metric m, int64_t by)
{
    values[m] += by;
}

void metric_set(enum metric m, int64_t value)
{
    values[m] = value;
}

int64_t metric_get(enum metric m)
{
    return values[m];
}

static void write_one(struct buf *out, enum metric m, const char *name, enum metric_type type, const char *help)
{
    buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n%s %" PRId64 "\n", name, help, name,
             type == METRIC_COUNTER ? "counter" : "gauge", name, values[m]);
}

void metrics_write(struct buf *out)
{
#define X(id, name, type, help) write_one(out, id, name, type, help);
    METRIC_TABLE(X)
#undef X
}
