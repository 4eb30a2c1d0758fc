#include "common/base/mem.h"
#include "common/base/str.h"
#include "common/io/db_parts.h"
#include "common/io/resolve.h"
#include <stdlib.h>
#include <string.h>

/* libpq looks up names while it blocks. So hosts are looked up here and given to it as hostaddr; host stays, because
 * TLS verifies it. Both are lists in libpq: "a,b". */

enum { HOSTS_MAX = 8, LIST_BYTES_MAX = 8192 };

struct addresses {
    struct loop *loop;
    addresses_done done;
    void *arg;
    char *hosts[HOSTS_MAX], *ports[HOSTS_MAX];
    int host_count, port_count, at;
    struct resolve *resolving;
    bool canceled;
    struct buf host, hostaddr, port; /* what was found so far */
    int found;
    struct err why; /* of the last host without an address */
};

const char *option_value(const PQconninfoOption *options, const char *keyword)
{
    for (const PQconninfoOption *o = options; o && o->keyword; o++) {
        if (strcmp(o->keyword, keyword) == 0)
            return o->val && *o->val ? o->val : NULL;
    }
    return NULL;
}

/* Splits at commas into copies; the number of parts, -1 when there are too many. */
static int split(const char *list, char *parts[HOSTS_MAX])
{
    int count = 0;

    while (list) {
        size_t len = strcspn(list, ",");
        if (count == HOSTS_MAX)
            return -1;
        parts[count] = mem_new(1, len + 1);
        memcpy(parts[count++], list, len);
        list = list[len] ? list + len + 1 : NULL;
    }
    return count;
}

static void finish(struct addresses *a, bool as_given)
{
    struct address_list list = {.count = as_given ? 1 : a->found};
    struct err e = {0};

    if (a->canceled)
        err_set(&e, ERR_CANCELED, "connecting was cancelled");
    else if (!as_given && a->found == 0)
        err_copy(&e, &a->why);
    else if (!as_given)
        list = (struct address_list){a->host.data, a->hostaddr.data, a->port_count > 1 ? a->port.data : NULL, a->found};
    a->done(a->arg, e.rc, &list, &e);
    for (int i = 0; i < HOSTS_MAX; i++) {
        free(a->hosts[i]);
        free(a->ports[i]);
    }
    buf_free(&a->host);
    buf_free(&a->hostaddr);
    buf_free(&a->port);
    free(a);
}

static void keep(struct addresses *a, const char *address)
{
    const char *comma = a->found++ > 0 ? "," : "";

    buf_addf(&a->host, "%s%s", comma, a->hosts[a->at]);
    buf_addf(&a->hostaddr, "%s%s", comma, address);
    if (a->port_count > 1)
        buf_addf(&a->port, "%s%s", comma, a->ports[a->at]);
}

static void look_up_next(struct addresses *a);

static void on_resolved(void *arg, int rc, const char *address, const struct err *e)
{
    struct addresses *a = arg;

    a->resolving = NULL;
    if (rc == 0)
        keep(a, address);
    else
        err_copy(&a->why, e);
    a->at++;
    look_up_next(a);
}

static void look_up_next(struct addresses *a)
{
    for (; a->at < a->host_count && !a->canceled; a->at++) {
        const char *host = a->hosts[a->at];
        if (*host && *host != '/' && *host != '@') {
            a->resolving = resolve_start(a->loop, host, on_resolved, a);
            return;
        }
        keep(a, ""); /* a Unix socket, or libpq's default */
    }
    finish(a, false);
}

static void on_started(void *arg)
{
    look_up_next(arg);
}

static void on_as_given(void *arg)
{
    finish(arg, true);
}

struct addresses *addresses_start(struct loop *l, const PQconninfoOption *options, addresses_done done, void *arg)
{
    static const char *const keywords[] = {"host", "hostaddr", "port"};
    PQconninfoOption *defaults = PQconndefaults(); /* PGHOST and its like */
    const char *values[3];
    struct addresses *a = mem_new(1, sizeof *a);

    a->loop = l;
    a->done = done;
    a->arg = arg;
    buf_init(&a->host, LIST_BYTES_MAX);
    buf_init(&a->hostaddr, LIST_BYTES_MAX);
    buf_init(&a->port, LIST_BYTES_MAX);
    for (int i = 0; i < 3; i++) {
        values[i] = option_value(options, keywords[i]);
        if (!values[i])
            values[i] = option_value(defaults, keywords[i]);
    }
    a->host_count = split(values[0], a->hosts);
    a->port_count = split(values[2], a->ports);
    bool odd = a->host_count < 0 || a->port_count < 0 || (a->port_count > 1 && a->port_count != a->host_count);
    /* What is no use here is left to libpq: addresses that are given already, its default host, and its own errors. */
    loop_defer(l, values[1] || !values[0] || odd ? on_as_given : on_started, a);
    PQconninfoFree(defaults);
    return a;
}

void addresses_cancel(struct addresses *a)
{
    a->canceled = true;
    if (a->resolving)
        resolve_cancel(a->resolving);
}
