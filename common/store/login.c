#include "common/store/login.h"
#include "common/base/id.h"
#include "common/base/mem.h"
#include "common/store/tx.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void hash_code(const struct secret *key, const char *code, char out[65])
{
    struct secret *text = secret_new(code, strlen(code));
    secret_hmac_hex(key, text, out);
    secret_free(text);
}

struct making {
    char code[LOGIN_CODE_TEXT];
    void (*done)(void *arg, int rc, const char *code, const struct err *e);
    void *arg;
};

static void on_made(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct making *m = arg;
    struct err missing;

    if (rc == 0 && db_affected(r, 0) == 0) {
        rc = err_set(&missing, ERR_NOT_FOUND, "there is no such workspace");
        e = &missing;
    }
    m->done(m->arg, rc, m->code, e);
    free(m);
}

void login_make(struct db_pool *p, const struct secret *jwt_secret, const char *workspace, enum role role,
                void (*done)(void *arg, int rc, const char *code, const struct err *e), void *arg)
{
    struct making *m = mem_new(1, sizeof *m);
    struct tx *t = tx_new(p);
    char one[UUID_TEXT], two[UUID_TEXT], hash[65];

    uuid_make(one);
    uuid_make(two);
    *m = (struct making){.done = done, .arg = arg};
    (void)snprintf(m->code, sizeof m->code, "%s.%s", one, two);
    hash_code(jwt_secret, m->code, hash);
    (void)tx_add(t,
                 "INSERT INTO logins (code_hash, workspace, role, expires_at)"
                 " SELECT $1, $2, $3, now() + make_interval(secs => $4::int)"
                 "  WHERE $2 = '*' OR EXISTS (SELECT 1 FROM workspaces WHERE id::text = $2)",
                 TX_PARAMS(hash, workspace, role_name(role), tx_int(t, LOGIN_LINK_SECONDS)));
    (void)tx_add(t, "DELETE FROM logins WHERE expires_at < now()", NULL, 0);
    tx_run(t, on_made, m);
}

struct using
{
    void (*done)(void *arg, int rc, const char *workspace, enum role role, const struct err *e);
    void *arg;
};

static void on_used(void *arg, int rc, const struct db_results *r, const struct err *e)
{
    struct using *u = arg;
    enum role role = ROLE_VIEWER;
    struct err refused;

    if (rc == 0 && (db_rows(r, 0) == 0 || !role_from_name(db_text(r, 0, 0, 1), &role))) {
        rc = err_set(&refused, ERR_UNAUTHORIZED,
                     "this link was used already or is older than ten minutes; make a new one with metricx login");
        e = &refused;
    }
    u->done(u->arg, rc, rc == 0 ? db_text(r, 0, 0, 0) : NULL, role, e);
    free(u);
}

void login_use(struct db_pool *p, const struct secret *jwt_secret, const char *code,
               void (*done)(void *arg, int rc, const char *workspace, enum role role, const struct err *e), void *arg)
{
    struct using *u = mem_new(1, sizeof *u);
    struct tx *t = tx_new(p);
    char hash[65];

    *u = (struct using){done, arg};
    hash_code(jwt_secret, code, hash);
    (void)tx_add(t, "DELETE FROM logins WHERE code_hash = $1 AND expires_at >= now() RETURNING workspace, role",
                 TX_PARAMS(hash));
    tx_run(t, on_used, u);
}
