/* What --help and docs/settings.md say of the settings. */
#include "common/base/settings_table.h"
#include <inttypes.h>

static void add_range(struct buf *out, const struct setting *row)
{
    if (row->kind == SETTING_NUMBER || row->kind == SETTING_CHUNK)
        buf_addf(out, " (%" PRId64 " to %" PRId64 " %s)", row->min, row->max, row->unit);
}

/* In --help the backquotes of Markdown would only be noise. */
static void add_plain(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text != '`')
            buf_add_char(out, *text);
    }
}

void settings_help(struct buf *out, enum program who)
{
    buf_add_str(out, "Settings: environment variables, or NAME=value lines in the file of --config (the environment\n"
                     "wins); NAME_FILE=/path reads a value from a file.\n\n");
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const struct setting *row = &setting_table[i];
        const char *preset = setting_preset(row, who);

        if ((row->who & who) == 0)
            continue;
        if (preset != NULL)
            buf_addf(out, "  %s=%s\n      ", row->name, preset);
        else
            buf_addf(out, "  %s (%s)\n      ", row->name, (row->required & who) != 0 ? "required" : "not set");
        add_plain(out, row->meaning);
        add_range(out, row);
        buf_add_char(out, '\n');
    }
}

static void add_programs(struct buf *out, unsigned programs)
{
    static const struct {
        enum program program;
        const char *name;
    } names[] = {
        {PROGRAM_CLI, "metricx"}, {PROGRAM_SCHEDULER, "scheduler"}, {PROGRAM_WORKER, "worker"}, {PROGRAM_API, "api"}};
    const char *comma = "";

    if (programs == ALL) {
        buf_add_str(out, "all");
        return;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if ((programs & names[i].program) == 0)
            continue;
        buf_addf(out, "%s%s", comma, names[i].name);
        comma = ", ";
    }
}

static void add_default(struct buf *out, const struct setting *row)
{
    if (row == &setting_table[SETTING_AT_metrics_listen]) {
        buf_addf(out, "`%s` api, `%s` scheduler, `%s` worker", setting_preset(row, PROGRAM_API),
                 setting_preset(row, PROGRAM_SCHEDULER), setting_preset(row, PROGRAM_WORKER));
    } else if (row->preset != NULL) {
        buf_addf(out, "`%s`", row->preset);
    } else if (row->required != NONE) {
        buf_add_str(out, "– (required: ");
        add_programs(out, row->required);
        buf_add_char(out, ')');
    } else {
        buf_add_str(out, "–");
    }
}

void settings_markdown(struct buf *out)
{
    buf_add_str(out, "# Settings\n\nMade from `common/base/settings_table.h`; do not edit.\n\n"
                     "Environment variables; the same names work as `NAME=value` lines in a file given by "
                     "`--config FILE` (the environment wins); `NAME_FILE=/path` reads a value from a file, in both. An "
                     "empty value counts as not set. An unknown name in the file, a malformed value or a missing "
                     "required one is an error that names it.\n\n"
                     "| name | default | read by | meaning |\n|---|---|---|---|\n");
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const struct setting *row = &setting_table[i];

        buf_addf(out, "| `%s` | ", row->name);
        add_default(out, row);
        buf_add_str(out, " | ");
        add_programs(out, row->who);
        buf_addf(out, " | %s", row->meaning);
        add_range(out, row);
        buf_add_str(out, " |\n");
    }
}
