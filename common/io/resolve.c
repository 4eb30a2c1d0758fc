#include "common/io/resolve.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include <arpa/inet.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdlib.h>
#include <uv.h>

struct resolve {
    uv_getaddrinfo_t req;
    char *host;
    resolve_done done;
    void *arg;
    bool canceled, looking_up;
    int failed; /* why uv_getaddrinfo did not start */
};

static void finish(struct resolve *r, int status, const char *address)
{
    struct err e = {0};

    if (r->canceled)
        err_set(&e, ERR_CANCELED, "name lookup of %s was cancelled", r->host);
    else if (status != 0)
        err_set(&e, ERR_NETWORK, "name lookup of %s: %s", r->host, uv_strerror(status));
    r->done(r->arg, e.rc, e.rc == 0 ? address : NULL, &e);
    free(r->host);
    free(r);
}

static void on_numeric(void *arg)
{
    struct resolve *r = arg;
    finish(r, 0, r->host);
}

static void on_not_started(void *arg)
{
    struct resolve *r = arg;
    finish(r, r->failed, NULL);
}

/* IPv4 before IPv6: servers that listen on one family only mostly chose this one. */
static const struct addrinfo *preferred(const struct addrinfo *list)
{
    for (const struct addrinfo *a = list; a; a = a->ai_next) {
        if (a->ai_family == AF_INET)
            return a;
    }
    return list;
}

static void on_found(uv_getaddrinfo_t *req, int status, struct addrinfo *found)
{
    struct resolve *r = req->data;
    char address[INET6_ADDRSTRLEN + 20] = ""; /* with room for a scope: fe80::1%eth0 */
    const struct addrinfo *a = status == 0 ? preferred(found) : NULL;
    if (status == 0 && !a)
        status = UV_EAI_NONAME;
    else if (a && getnameinfo(a->ai_addr, a->ai_addrlen, address, sizeof address, NULL, 0, NI_NUMERICHOST) != 0)
        status = UV_EAI_FAIL;
    uv_freeaddrinfo(found);
    finish(r, status, address);
}

struct resolve *resolve_start(struct loop *l, const char *host, resolve_done done, void *arg)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    struct in6_addr numeric;
    struct resolve *r = mem_new(1, sizeof *r);

    r->req.data = r;
    r->host = str_dup(host);
    r->done = done;
    r->arg = arg;
    if (inet_pton(AF_INET, host, &numeric) == 1 || inet_pton(AF_INET6, host, &numeric) == 1) {
        loop_defer(l, on_numeric, r);
        return r;
    }
    r->failed = uv_getaddrinfo(loop_uv(l), &r->req, on_found, r->host, NULL, &hints);
    r->looking_up = r->failed == 0;
    if (!r->looking_up)
        loop_defer(l, on_not_started, r);
    return r;
}

void resolve_cancel(struct resolve *r)
{
    r->canceled = true;
    if (r->looking_up)
        uv_cancel((uv_req_t *)&r->req); /* refused when it runs already: then done comes at its end */
}
