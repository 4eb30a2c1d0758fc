#include "common/store/service.h"
#include "common/base/fernet.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/store/schema.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* One thing that start-up waits for. */
struct wait {
    int over;
    int rc;
    struct err *e;
};

static void on_schema(void *arg, int rc, const struct err *e)
{
    struct wait *w = arg;
    w->rc = rc;
    if (rc != 0)
        (void)err_copy(w->e, e);
    w->over = 1;
}

static int wait_schema(struct service *s, struct err *e)
{
    struct wait w = {.e = e};
    schema_check(s->db, on_schema, &w);
    loop_run_until(s->loop, &w.over);
    return w.rc;
}

struct memory_policy {
    bool evicts;
};

static void on_memory(void *arg, const struct redis_reply *reply)
{
    const char *text = redis_str(reply);
    const char *limit = strstr(text, "\nmaxmemory:");
    struct memory_policy *m = arg;
    m->evicts = limit != NULL && strncmp(limit, "\nmaxmemory:0", 12) != 0 &&
                strstr(text, "maxmemory_policy:noeviction") == NULL;
}

static int wait_redis(struct service *s, struct err *e)
{
    struct memory_policy m = {0};
    const char *const argv[] = {"INFO", "memory"};
    int rc = redis_command_wait(s->loop, s->redis, 2, argv, on_memory, &m, e);
    if (rc != 0)
        return err_wrap(e, "REDIS_URL");
    if (m.evicts)
        return err_set(e, ERR_SETTING,
                       "REDIS_URL: this Redis may evict keys, and with them jobs and budgets; set its maxmemory-policy "
                       "to noeviction");
    return 0;
}

static int connect_all(struct service *s, const struct settings *settings, const char *name, struct err *e)
{
    *s = (struct service){.settings = settings, .loop = loop_new()};
    int rc = db_pool_new(s->loop, settings->database_url, (int)settings->database_connections, name, &s->db, e);
    if (rc != 0)
        return rc;
    rc = redis_new(s->loop, settings->redis_url, name, &s->redis, e);
    if (rc != 0)
        return rc;
    s->queue = queue_new(s->redis, settings->queue_prefix);
    return 0;
}

int service_open(struct service *s, const struct settings *settings, const char *name, struct err *e)
{
    int rc = connect_all(s, settings, name, e);
    if (rc == 0)
        rc = wait_schema(s, e);
    if (rc == 0)
        rc = wait_redis(s, e);
    if (rc != 0)
        service_close(s);
    return rc;
}

static int say(const char *what, int rc, const struct err *e)
{
    if (rc == 0)
        printf("ok: %s\n", what);
    else
        printf("failed: %s: %s\n", what, e->text);
    return rc == 0 ? 0 : 1;
}

static int check_keys(const struct settings *settings, struct err *e)
{
    if (settings->token_encryption_key == NULL)
        return err_set(e, ERR_SETTING, "TOKEN_ENCRYPTION_KEY is not set; make one with: metricx keygen");
    struct fernet *f = NULL;
    int rc = fernet_new(secret_reveal(settings->token_encryption_key), &f, e);
    fernet_free(f);
    return rc;
}

static int check_servers(struct service *s, const struct service_need *need)
{
    struct err e = {0};
    const int rc = wait_schema(s, &e);
    int failed = say("PostgreSQL answers and its schema fits", rc, &e);

    if (need != NULL && rc != ERR_DB_AWAY)
        failed |= say(need->what, need->check(s, &e), &e);
    failed |= say("Redis answers and never evicts", wait_redis(s, &e), &e);
    return failed;
}

int service_check(const struct settings *settings, const char *name, bool needs_keys, const struct service_need *need)
{
    struct service s;
    struct err e = {0};
    int failed = say("settings", 0, NULL);
    int rc = connect_all(&s, settings, name, &e);
    failed |= rc != 0 ? say("settings", rc, &e) : check_servers(&s, need);
    if (needs_keys)
        failed |= say("token encryption keys load", check_keys(settings, &e), &e);
    service_close(&s);
    return failed;
}

static const char *ready(void *arg, char problem[256])
{
    const struct service *s = arg;
    const char *why = s->not_ready;
    if (why == NULL && mem_short())
        why = "the system refuses memory";
    if (why == NULL && !db_pool_ready(s->db))
        why = "PostgreSQL does not answer";
    if (why == NULL && !redis_ready(s->redis))
        why = "Redis does not answer";
    if (why == NULL)
        return NULL;
    (void)snprintf(problem, 256, "%s", why);
    return problem;
}

int service_serve_ops(struct service *s, struct err *e)
{
    int rc = ops_server_new(s->loop, s->settings, ready, s, &s->ops, e);
    if (rc == 0)
        log_info("metrics are served", F_INT("port", ops_server_port(s->ops)));
    return rc;
}

static void on_closed(void *arg)
{
    *(int *)arg = 1;
}

static void on_deadline(void *arg)
{
    struct service *s = arg;
    log_warn("not stopped within the grace time, ending all the same",
             F_INT("seconds", s->settings->shutdown_grace_seconds));
    log_stop();
    _exit(0);
}

void service_end_by_grace(struct service *s)
{
    s->deadline = timer_start(s->loop, s->settings->shutdown_grace_seconds * 1000, on_deadline, s);
}

void service_close(struct service *s)
{
    int closed = 0;
    if (s->ops != NULL) {
        ops_server_close(s->ops, on_closed, &closed);
        loop_run_until(s->loop, &closed);
    }
    queue_free(s->queue);
    if (s->redis != NULL) {
        closed = 0;
        redis_close(s->redis, on_closed, &closed);
        loop_run_until(s->loop, &closed);
    }
    if (s->db != NULL) {
        closed = 0;
        db_pool_close(s->db, on_closed, &closed);
        loop_run_until(s->loop, &closed);
    }
    timer_cancel(s->deadline);
    loop_free(s->loop);
    *s = (struct service){0};
}
