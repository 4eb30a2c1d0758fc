#include "cli/commands.h"
#include "common/base/fernet.h"

int cmd_keygen(struct session *s, const struct args *a, struct err *e)
{
    (void)s, (void)a, (void)e; /* needs nothing, not even settings */
    char key[45];
    fernet_keygen(key);
    (void)puts(key);
    return 0;
}
