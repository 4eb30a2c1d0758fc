#pragma once
#include "common/io/http_server.h"
#include "common/io/loop.h"
#include "tests/sandbox/faults.h"
#include "tests/sandbox/forbidden.h"
#include "tests/sandbox/limits.h"
#include "tests/sandbox/oauth_codes.h"
#include "tests/sandbox/options.h"
#include "tests/sandbox/tokens.h"
#include "tests/sandbox/too_much.h"
#include "tests/sandbox/vclock.h"
#include "tests/sandbox/versions.h"
#include "tests/sandbox/world.h"
/* One running sandbox: all of its state, and the server in front of it. Loop thread only. */
struct request;
struct reports;
struct sandbox {
    struct sandbox_options options;
    struct loop *loop;
    struct http_server *server;
    struct world *world;
    struct vclock clock;
    struct limits_config limits;
    struct calls calls; /* of the whole app */
    struct block app_block;
    struct account_limits *by_account; /* by account number, from the first on */
    struct faults faults;
    struct too_much too_much;
    struct forbidden forbidden;
    struct versions versions;
    struct tokens tokens;
    struct oauth_codes codes;
    struct reports *reports;
    uint64_t answers;        /* seeds trace ids */
    struct request *waiting; /* answers that are late on purpose */
};
int sandbox_new(struct loop *l, const struct sandbox_options *o, struct sandbox **out, struct err *e) MUST_CHECK;
/* Answers what waits, closes, then calls closed(arg). */
void sandbox_close(struct sandbox *s, void (*closed)(void *arg), void *arg);
void sandbox_free(struct sandbox *s); /* after closed */
struct account_limits *sandbox_limits(struct sandbox *s, const struct account *a);
