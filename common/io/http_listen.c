#include "common/io/http_listen.h"
#include "common/base/check.h"
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static int address_of(const char *host, int port, union address *a, socklen_t *len)
{
    *a = (union address){0};
    if (uv_ip4_addr(host, port, &a->v4) == 0) {
        *len = sizeof a->v4;
        return 0;
    }
    *len = sizeof a->v6;
    return uv_ip6_addr(host, port, &a->v6);
}

/* The listening socket or -errno. */
static int listen_at(const union address *a, socklen_t len)
{
    const int on = 1;
    int fd = socket(a->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 || bind(fd, &a->any, len) < 0 ||
        listen(fd, SOMAXCONN) < 0) {
        int rc = -errno;
        close(fd);
        return rc;
    }
    return fd;
}

int http_listen(const char *host, int from, int ports, int *fd, int *port, struct err *e)
{
    union address a;
    socklen_t len;
    int tries = from && ports > 1 ? ports : 1;

    *fd = -EADDRINUSE;
    for (int i = 0; i < tries && from + i <= UINT16_MAX && *fd == -EADDRINUSE; i++) {
        if (address_of(host, from + i, &a, &len) < 0)
            return err_set(e, ERR_INPUT, "%s is not a numeric address", host);
        *fd = listen_at(&a, len);
    }
    if (*fd < 0)
        return err_set(e, *fd, "cannot listen on %s port %d: %s", host, from, strerror(-*fd));
    CHECK(getsockname(*fd, &a.any, &len) == 0);
    *port = ntohs(a.any.sa_family == AF_INET ? a.v4.sin_port : a.v6.sin6_port);
    return 0;
}
