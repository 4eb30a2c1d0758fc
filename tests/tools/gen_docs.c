/* Prints a page of docs/ that is made from a table: gen_docs settings|metrics|errors */
#include "common/base/metrics.h"
#include "common/base/settings.h"

enum { PAGE_MAX = 1024 * 1024 };

static void metrics_page(struct buf *out)
{
    static const struct {
        const char *name, *help;
        enum metric_type type;
    } rows[] = {
#define X(id, n, t, h) {.name = (n), .help = (h), .type = (t)},
        METRIC_TABLE(X)
#undef X
    };
    buf_add_str(out, "# Metrics\n\nMade from `common/base/metrics.h`; do not edit. Every daemon serves all of them at "
                     "`/metrics` of its `METRICS_LISTEN`; the names are contract.\n\n"
                     "| name | type | meaning |\n|---|---|---|\n");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        buf_addf(out, "| `%s` | %s | %s |\n", rows[i].name, rows[i].type == METRIC_COUNTER ? "counter" : "gauge",
                 rows[i].help);
}

static void errors_page(struct buf *out)
{
    buf_add_str(
        out, "# Error codes\n\nMade from `common/base/err.h`; do not edit. The same words stand in `error_code` of the "
             "tables, in logs, in events and in `code` of HTTP answers.\n\n"
             "| code | meaning |\n|---|---|\n");
#define X(name, number, code, meaning) buf_addf(out, "| `%s` | %s |\n", code, meaning);
    ERR_TABLE(X)
#undef X
    buf_add_str(out, "| `system` | the operating system refused something; the text says what |\n");
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*write)(struct buf *out);
    } pages[] = {{"settings", settings_markdown}, {"metrics", metrics_page}, {"errors", errors_page}};
    struct buf out;

    for (size_t i = 0; argc == 2 && i < sizeof pages / sizeof pages[0]; i++) {
        if (strcmp(argv[1], pages[i].name) == 0) {
            buf_init(&out, PAGE_MAX);
            pages[i].write(&out);
            (void)fputs(buf_str(&out), stdout);
            buf_free(&out);
            return 0;
        }
    }
    (void)fputs("usage: gen_docs settings|metrics|errors\n", stderr);
    return 2;
}
