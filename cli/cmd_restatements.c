#include "cli/commands.h"
#include "cli/rows.h"
#include "cli/table.h"

int cmd_restatements(struct session *s, const struct args *a, struct err *e)
{
    static const struct table_column columns[] = {{"CHANGED", "changed_at"},
                                                  {"DAY", "event_date"},
                                                  {"LEVEL", "level"},
                                                  {"ID", "external_id"},
                                                  {"NAME", "name"},
                                                  {"COLUMN", "column_name"},
                                                  {"OLD", "old"},
                                                  {"NEW", "new"},
                                                  {0}};
    return rows_list_of(s, LIST_RESTATEMENTS, args_option(a, "--connection"), args_option(a, "--json") != NULL, columns,
                        "no stored day has been changed", e);
}
