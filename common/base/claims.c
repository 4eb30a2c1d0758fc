#include "common/base/claims.h"
#include <inttypes.h>
#include <string.h>

static const char *const names[] = {
    [ROLE_VIEWER] = "viewer", [ROLE_ADMIN] = "admin", [ROLE_SERVICE] = "service", [ROLE_OPERATOR] = "operator"};

const char *role_name(enum role r)
{
    return names[r];
}

bool role_from_name(const char *name, enum role *out)
{
    for (enum role r = ROLE_VIEWER; r <= ROLE_OPERATOR; r++) {
        if (strcmp(names[r], name) == 0) {
            *out = r;
            return true;
        }
    }
    return false;
}

void claims_write(struct buf *out, const char *sub, const char *workspace, enum role role, int64_t exp_s)
{
    const bool all = strcmp(workspace, "*") == 0;

    buf_add_str(out, "{\"sub\":");
    buf_add_json(out, sub);
    buf_addf(out, ",\"exp\":%" PRId64 ",\"role\":\"%s\",\"workspaces\":%s", exp_s, role_name(role), all ? "" : "[");
    buf_add_json(out, workspace);
    buf_add_str(out, all ? "}" : "]}");
}
