#include "cli/session.h"
#include "common/base/check.h"
#include "common/base/log.h"
#include "common/store/schema.h"
#include <unistd.h>

/* A person waits: shorter than a daemon's patience. */
enum { ANSWER_MS_MAX = 5000, BODY_BYTES_MAX = 16 << 20, BODIES_MAX = 2 };

void answer_is(struct answer *a, int rc, const struct err *e)
{
    a->rc = rc;
    if (rc != 0)
        (void)err_copy(&a->err, e);
    a->over = 1;
}

void answer_plain(void *arg, int rc, const struct err *e)
{
    answer_is(arg, rc, e);
}

void answer_id(void *arg, int rc, const char *id, const struct err *e)
{
    struct answer *a = arg;
    if (rc == 0 && id)
        (void)snprintf(a->id, sizeof a->id, "%s", id);
    answer_is(a, rc, e);
}

void answer_count64(void *arg, int rc, int64_t count, const struct err *e)
{
    struct answer *a = arg;
    a->count = count;
    answer_is(a, rc, e);
}

void answer_count(void *arg, int rc, int count, const struct err *e)
{
    answer_count64(arg, rc, count, e);
}

int answer_wait(const struct session *s, struct answer *a, struct err *e)
{
    loop_run_until(s->loop, &a->over);
    return a->rc == 0 ? 0 : err_copy(e, &a->err);
}

static void set_flag(void *arg)
{
    *(int *)arg = 1;
}

void session_sleep(const struct session *s, int64_t ms)
{
    int over = 0;
    timer_start(s->loop, ms, set_flag, &over);
    loop_run_until(s->loop, &over);
}

static int open_settings(struct session *s, struct err *e)
{
    if (s->has_settings)
        return 0;
    int rc = settings_load(&s->settings, PROGRAM_CLI, s->config_path, environ, e);
    if (rc < 0)
        return rc;
    s->has_settings = true;
    log_start("metricx", s->settings.log_level, s->settings.log_format);
    s->loop = loop_new();
    return 0;
}

static int start_database(struct session *s, struct err *e)
{
    return s->db ? 0 : db_pool_new(s->loop, s->settings.database_url, 1, "metricx", &s->db, e);
}

static int start_redis(struct session *s, struct err *e)
{
    if (s->redis)
        return 0;
    int rc = redis_new(s->loop, s->settings.redis_url, "metricx", &s->redis, e);
    if (rc == 0)
        s->queue = queue_new(s->redis, s->settings.queue_prefix);
    return rc;
}

static void on_database(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    (void)r;
    answer_is(arg, rc, e);
}

static int wait_database(const struct session *s, struct err *e)
{
    struct answer a = {0};
    static const struct db_step ping = {.sql = "SELECT 1"};
    db_run(s->db, DB_PLAIN, &ping, 1, ANSWER_MS_MAX, on_database, &a);
    return answer_wait(s, &a, e);
}

static int wait_schema(const struct session *s, struct err *e)
{
    struct answer a = {0};
    schema_check(s->db, answer_plain, &a);
    return answer_wait(s, &a, e);
}

static int wait_redis(const struct session *s, struct err *e)
{
    return redis_command_wait(s->loop, s->redis, 1, (const char *const[]){"PING"}, NULL, NULL, e);
}

static int open_keys(struct session *s, struct err *e)
{
    if (s->fernet)
        return 0;
    if (!s->settings.token_encryption_key)
        return err_set(e, ERR_SETTING,
                       "TOKEN_ENCRYPTION_KEY is not set: tokens are stored encrypted; make a key with metricx keygen");
    return fernet_new(secret_reveal(s->settings.token_encryption_key), &s->fernet, e);
}

static void open_remote(struct session *s)
{
    if (s->http)
        return;
    const struct http_client_options o = {
        .connect_timeout_ms = s->settings.meta_connect_timeout_seconds * 1000,
        .timeout_ms = s->settings.meta_timeout_seconds * 1000,
        .stall_seconds = 60,
        .body_bytes_max = BODY_BYTES_MAX,
        .bodies_max = BODIES_MAX,
        .connections_max = 2,
    };
    s->http = http_client_new(s->loop, &o);
    remote_init(&s->remote, s->loop, s->db, s->redis, s->http, &s->settings);
}

int session_connect(struct session *s, struct err *e)
{
    int rc = open_settings(s, e);
    if (rc == 0)
        rc = start_database(s, e);
    return rc < 0 ? rc : start_redis(s, e);
}

int session_need(struct session *s, unsigned needs, struct err *e)
{
    int rc = open_settings(s, e);
    if (needs & NEED_REMOTE)
        needs |= NEED_SCHEMA | NEED_REDIS;
    if (needs & NEED_SCHEMA)
        needs |= NEED_DATABASE;
    if (rc == 0 && (needs & NEED_KEYS))
        rc = open_keys(s, e);
    if (rc == 0 && (needs & NEED_DATABASE))
        rc = start_database(s, e);
    if (rc == 0 && (needs & NEED_REDIS))
        rc = start_redis(s, e);
    if (rc == 0 && (needs & NEED_DATABASE))
        rc = wait_database(s, e);
    if (rc == 0 && (needs & NEED_SCHEMA))
        rc = wait_schema(s, e);
    if (rc == 0 && (needs & NEED_REDIS))
        rc = wait_redis(s, e);
    if (rc == 0 && (needs & NEED_REMOTE))
        open_remote(s);
    return rc;
}

static void wait_closed(const struct session *s, int *closed)
{
    loop_run_until(s->loop, closed);
    *closed = 0;
}

void session_close(struct session *s)
{
    int closed = 0;
    if (s->http) {
        http_client_close(s->http, set_flag, &closed);
        wait_closed(s, &closed);
    }
    queue_free(s->queue);
    if (s->redis) {
        redis_close(s->redis, set_flag, &closed);
        wait_closed(s, &closed);
    }
    if (s->db) {
        db_pool_close(s->db, set_flag, &closed);
        wait_closed(s, &closed);
    }
    fernet_free(s->fernet);
    if (s->has_settings) {
        loop_free(s->loop);
        log_stop();
        settings_clear(&s->settings);
    }
    *s = (struct session){0};
}
