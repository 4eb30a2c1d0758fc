#pragma once
#include "common/base/clk.h"
#include "common/base/settings.h"
#include "tests/flow/job_fakes.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
/* What the tests of the job flow share: one job in a world that they play (job_fakes.h). */

static struct settings settings;
static struct service service;
static struct job_context context;
static int ended; /* jobs */

static void on_ended(struct job *j, void *arg)
{
    (void)j, (void)arg;
    ended++;
}

static int setup(void **state)
{
    (void)state;
    fakes_reset();
    clk_fake(1000000, 1000000);
    ended = 0;
    settings = (struct settings){
        .page_limit = 1000, .max_attempts = 8, .meta_window_seconds = 3600, .meta_access_token = secret_new("t", 1)};
    service = (struct service){.settings = &settings};
    context = (struct job_context){.service = &service, .worker_id = "w", .ended = on_ended};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    secret_free(settings.meta_access_token);
    clk_real();
    return 0;
}

static inline struct job *claimed_job(void)
{
    struct queue_claimed claimed = {.id = "c", .token = "t"};
    fakes.grants = 1; /* the call that comes with the claim */
    return job_start(&context, &claimed, clk_mono_ms());
}

static inline void end(enum op op, int rc, bool yes)
{
    assert_int_equal(fakes.asked.op, op);
    fakes_end(rc, yes);
}

/* Before its first call. */
static inline struct job *opened_job(void)
{
    struct job *j = claimed_job();
    end(OP_OPEN, 0, false);
    return j;
}

static inline void finish_as(enum finish_how how)
{
    assert_int_equal(fakes.asked.op, OP_FINISH);
    assert_int_equal(fakes.asked.how, how);
    fakes_end(0, false);
    assert_int_equal(ended, 1);
    assert_int_equal(fakes.asked.op, OP_NONE);
    assert_int_equal(fakes.bodies, 0);
    assert_int_equal(fakes.settled, fakes.grants);
}

static inline void handed_back(enum finish_how how)
{
    assert_int_equal(fakes.asked.fate, CHUNK_YIELD);
    end(OP_PUT_BACK, 0, false);
    finish_as(how);
}

/* Up to the commit of a page; `next` NULL: it is the last. */
static inline void read_page(const char *next)
{
    fakes.page_next = next;
    end(OP_FETCH, 0, true);
    end(OP_PARSE, 0, false);
}
