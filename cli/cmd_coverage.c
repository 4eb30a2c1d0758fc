#include "cli/commands.h"
#include "cli/rows.h"
#include "cli/table.h"

int cmd_coverage(struct session *s, const struct args *a, struct err *e)
{
    static const struct table_column columns[] = {
        {"FROM", "date_from"}, {"TO", "date_to"},  {"DAYS", "days"},         {"BY", "granularity"},
        {"STATE", "state"},    {"CAUSE", "cause"}, {"RESTATED", "restated"}, {0}};
    const bool json = args_option(a, "--json") != NULL;
    return rows_list_of(s, json ? LIST_COVERAGE : LIST_COVERAGE_SPANS, args_option(a, "--connection"), json, columns,
                        "nothing is known of any day yet", e);
}
