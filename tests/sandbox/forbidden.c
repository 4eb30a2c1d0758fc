#include "tests/sandbox/forbidden.h"
#include "tests/sandbox/request.h"

bool forbidden_add(struct forbidden *f, const struct forbidden_field *field)
{
    if (f->count == FORBIDDEN_MAX)
        return false;
    f->list[f->count++] = *field;
    return true;
}

bool forbidden_answer(struct request *r, const char *field, const char *type)
{
    const struct forbidden *f = &r->sandbox->forbidden;
    const int account = r->node.account != NULL ? r->node.account->number : 0;
    for (int i = 0; i < f->count; i++) {
        const struct forbidden_field *one = &f->list[i];
        if (strcmp(one->name, field) != 0 || (one->account != 0 && one->account != account))
            continue;
        r->sandbox->faults.struck++;
        if (one->code == 100)
            request_error(r, 400, 100, 0, "(#100) Tried accessing nonexisting field (%s) on node type (%s)", field,
                          type);
        else
            request_error(r, 403, one->code, 0, "(#%d) Permission Denied", one->code);
        return true;
    }
    return false;
}
