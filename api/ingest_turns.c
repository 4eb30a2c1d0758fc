#include "api/ingest_turns.h"
#include "common/base/check.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include <stdlib.h>
#include <string.h>

struct ingest_turns {
    struct ingest_turn *first; /* those that run and those that wait, in the order in which they came */
    int at_once, running;
};

struct ingest_turns *ingest_turns_new(int at_once)
{
    struct ingest_turns *q = mem_new(1, sizeof *q);
    q->at_once = at_once;
    return q;
}

void ingest_turns_free(struct ingest_turns *q)
{
    free(q);
}

static bool workspace_runs(const struct ingest_turns *q, const char *workspace)
{
    for (const struct ingest_turn *t = q->first; t != NULL; t = t->next)
        if (t->running && strcmp(t->workspace, workspace) == 0)
            return true;
    return false;
}

/* Each go may end its turn at once, and so change the list: it is looked through from the start again. */
static void go_on(struct ingest_turns *q)
{
    struct ingest_turn *t = q->first;

    while (t != NULL && q->running < q->at_once) {
        if (t->running || workspace_runs(q, t->workspace)) {
            t = t->next;
            continue;
        }
        t->running = true;
        q->running++;
        t->go(t->arg);
        t = q->first;
    }
}

bool ingest_turn_take(struct ingest_turns *q, struct ingest_turn *t, const char *workspace, void (*go)(void *arg),
                      void *arg)
{
    struct ingest_turn **at = &q->first;
    int all = 0, of_workspace = 0;

    for (; *at != NULL; at = &(*at)->next) {
        all += !(*at)->running;
        of_workspace += !(*at)->running && strcmp((*at)->workspace, workspace) == 0;
    }
    if (all >= TURNS_WAITING_MAX || of_workspace >= TURNS_OF_A_WORKSPACE_MAX)
        return false;
    *t = (struct ingest_turn){.go = go, .arg = arg};
    CHECK(str_copy(t->workspace, sizeof t->workspace, workspace));
    *at = t;
    go_on(q);
    return true;
}

void ingest_turn_end(struct ingest_turns *q, struct ingest_turn *t)
{
    struct ingest_turn **at = &q->first;

    CHECK(t->running);
    while (*at != t)
        at = &(*at)->next;
    *at = t->next;
    q->running--;
    go_on(q);
}
