#pragma once
#include "common/base/err.h"
#include "tests/sandbox/limits.h"
#include "tests/sandbox/versions.h"
#include "tests/sandbox/world.h"
/* The command line of metricx-sandbox. Texts are borrowed from argv. */
struct sandbox_options {
    struct world_config world;
    struct limits_config limits;
    struct versions versions;
    char host[64];
    int port;
    const char *port_file;
    int64_t now_ms; /* where the sandbox' clock starts; 0: the real one */
    bool stop_clock;
    const char *token, *app_id, *app_secret; /* app_secret NULL: any is right */
    bool require_proof;                      /* calls without appsecret_proof are refused */
    bool deleted_filter_error;               /* edges refuse DELETED in a status filter */
    bool empty_paging;                       /* an empty list carries "paging":{} */
    int64_t latency_ms;                      /* before every answer of the Graph */
    int64_t cursor_lifetime_ms;
};
enum { OPTIONS_RUN = -1 };
/* OPTIONS_RUN to go on, else the exit code to leave with: help was printed, or the error said on stderr. */
int options_read(struct sandbox_options *o, int argc, char **argv);
