#include "cli/commands.h"
#include "cli/rows.h"
#include "cli/table.h"
#include "common/store/account.h"

int cmd_workspace_create(struct session *s, const struct args *a, struct err *e)
{
    int rc = session_need(s, NEED_SCHEMA, e);
    if (rc < 0)
        return rc;
    struct answer made = {0};
    workspace_create(s->db, args_operand(a, 0), args_option(a, "--id"), answer_id, &made);
    rc = answer_wait(s, &made, e);
    if (rc == 0)
        (void)puts(made.id);
    return rc;
}

int cmd_workspace_list(struct session *s, const struct args *a, struct err *e)
{
    static const struct table_column columns[] = {{"ID", "id"}, {"NAME", "name"}, {"CREATED", "created_at"}, {0}};
    return rows_list(s, LIST_WORKSPACES, NULL, args_option(a, "--json") != NULL, columns, e);
}

int cmd_workspace_rename(struct session *s, const struct args *a, struct err *e)
{
    int rc = session_need(s, NEED_SCHEMA, e);
    if (rc < 0)
        return rc;
    struct answer done = {0};
    workspace_rename(s->db, args_operand(a, 0), args_operand(a, 1), answer_id, &done);
    return answer_wait(s, &done, e);
}

int cmd_workspace_delete(struct session *s, const struct args *a, struct err *e)
{
    int rc = session_need(s, NEED_SCHEMA, e);
    if (rc < 0)
        return rc;
    struct answer done = {0};
    workspace_delete(s->db, args_operand(a, 0), answer_id, &done);
    return answer_wait(s, &done, e);
}
