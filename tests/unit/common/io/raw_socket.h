#pragma once
#include "common/base/buf.h"
#include "common/base/clk.h"
#include "common/io/loop.h"
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
/* Bare TCP for the tests of HTTP: what no well-behaved client or server would send. Everything turns the loop. */

enum { RAW_PATIENCE_MS = 20000, RAW_BYTES_MAX = 8 * 1024 * 1024 };

/* Turns the loop until *done is true; fails the test when that takes for ever. */
static inline void raw_wait(struct loop *l, const int *done)
{
    for (int64_t end = clk_mono_ms() + RAW_PATIENCE_MS; !*done;) {
        assert_true(clk_mono_ms() < end);
        loop_turn(l);
    }
}

static inline struct sockaddr_in raw_address(int port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static inline int raw_connect(int port)
{
    struct sockaddr_in a = raw_address(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    return fd;
}

/* A listening socket on a free port. */
static inline int raw_listen(int *port)
{
    struct sockaddr_in a = raw_address(0);
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0);
    assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    *port = ntohs(a.sin_port);
    return fd;
}

static inline int raw_accept(struct loop *l, int listener)
{
    for (int64_t end = clk_mono_ms() + RAW_PATIENCE_MS;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd >= 0)
            return fd;
        assert_int_equal(errno, EAGAIN);
        assert_true(clk_mono_ms() < end);
        loop_turn(l);
    }
}

/* Sends all, as far as the other side takes it before it closes. */
static inline void raw_send(struct loop *l, int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN)
            return;
        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        }
        loop_turn(l);
    }
}

static inline void raw_say(struct loop *l, int fd, const char *text)
{
    raw_send(l, fd, text, strlen(text));
}

/* Reads until `mark` was seen `times` times (NULL: until the end). Returns 0 at the mark or the clean end, else -errno.
 */
static inline int raw_read(struct loop *l, int fd, struct buf *into, const char *mark, int times)
{
    char piece[65536];
    for (int64_t end = clk_mono_ms() + RAW_PATIENCE_MS;;) {
        int seen = 0;
        for (const char *p = mark ? strstr(buf_str(into), mark) : NULL; p; p = strstr(p + 1, mark))
            seen++;
        if (mark && seen >= times)
            return 0;
        ssize_t n = recv(fd, piece, sizeof piece, MSG_DONTWAIT);
        if (n == 0)
            return mark ? -EPIPE : 0;
        if (n < 0 && errno != EAGAIN)
            return -errno;
        if (n > 0)
            buf_add(into, piece, (size_t)n);
        assert_true(clk_mono_ms() < end);
        loop_turn(l);
    }
}
