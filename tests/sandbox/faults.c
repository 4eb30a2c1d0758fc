#include "tests/sandbox/faults.h"
#include "tests/sandbox/dice.h"
#include <string.h>

static const char *const names[FAULT_KINDS] = {
    "status_500", "error",    "delay", "drop",   "body",       "truncate",   "reset",
    "drip",       "hang",     "gzip",  "sparse", "empty_page", "repeat_row", "loop",
    "lose_rows",  "lose_day", "huge",  "deep",   "bomb",       "many_rows",  "endless"};

bool fault_kind_find(const char *name, enum fault_kind *out)
{
    for (int i = 0; i < FAULT_KINDS; i++)
        if (strcmp(name, names[i]) == 0) {
            *out = (enum fault_kind)i;
            return true;
        }
    return false;
}

bool faults_add(struct faults *f, const struct fault *fault)
{
    int at = 0;
    while (at < f->count && f->list[at].count != 0)
        at++;
    if (at == FAULTS_MAX)
        return false;
    f->list[at] = *fault;
    if (at == f->count)
        f->count++;
    return true;
}

void faults_clear(struct faults *f)
{
    f->count = 0;
}

const struct fault *faults_take(struct faults *f, const char *kind, const char *target)
{
    const struct fault *hit = NULL;
    for (int i = 0; i < f->count; i++) {
        struct fault *fault = &f->list[i];
        if (strcmp(fault->match, kind) != 0 && strstr(target, fault->match) == NULL)
            continue;
        if (fault->skip > 0) {
            fault->skip--;
        } else if (fault->count != 0 && hit == NULL &&
                   dice_permille(dice_roll(0x10e5, (uint64_t)f->rolls++), (int)fault->percent * 10)) {
            fault->count -= fault->count > 0;
            f->struck++;
            hit = fault;
        }
    }
    return hit;
}
