#pragma once
#include "common/base/id.h"
#include <stdbool.h>
/* Ingests take turns before they take a connection to PostgreSQL: there a second one of a workspace would only wait for
 * the first, and whoever reads would wait behind both. */
enum { TURNS_WAITING_MAX = 128, TURNS_OF_A_WORKSPACE_MAX = 32 };
struct ingest_turns;
struct ingest_turn {
    struct ingest_turn *next;
    char workspace[UUID_TEXT];
    bool running;
    void (*go)(void *arg);
    void *arg;
};
struct ingest_turns *ingest_turns_new(int at_once);
void ingest_turns_free(struct ingest_turns *q);
/* t is the caller's, and stays until ingest_turn_end. go(arg) is called when no other of the workspace runs and fewer
 * than at_once do, perhaps before this returns; in order but for that. false: too many wait, t was not taken. */
bool ingest_turn_take(struct ingest_turns *q, struct ingest_turn *t, const char *workspace, void (*go)(void *arg),
                      void *arg);
void ingest_turn_end(struct ingest_turns *q, struct ingest_turn *t); /* one that runs; the next ones go */
