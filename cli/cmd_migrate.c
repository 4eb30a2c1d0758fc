#include "cli/commands.h"
#include "cli/session.h"
#include "migrations/migrate.h"

static void say(void *arg, const char *line)
{
    (void)arg;
    (void)puts(line);
}

int cmd_migrate(struct session *s, const struct args *a, struct err *e)
{
    int rc = session_need(s, NEED_DATABASE, e);
    if (rc < 0)
        return rc;
    if (args_option(a, "--status"))
        return migrate_status(s->loop, s->db, say, NULL, e);
    return migrate_apply(s->loop, s->db, say, NULL, e);
}
