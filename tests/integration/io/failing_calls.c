#include "tests/integration/io/failing_calls.h"
#include "common/base/check.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct {
    enum call call;
    int error, nth;
    const char *library;
    uintptr_t from, to; /* its code */
} wanted;
static atomic_int made;
static atomic_bool armed, failed;

static int find_library(struct dl_phdr_info *object, size_t size, void *arg)
{
    const char *slash = strrchr(object->dlpi_name, '/'), *file = slash != NULL ? slash + 1 : object->dlpi_name;

    (void)size, (void)arg;
    if (strncmp(file, wanted.library, strlen(wanted.library)) != 0)
        return 0;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];

        if (part->p_type == PT_LOAD && (part->p_flags & PF_X) != 0) {
            wanted.from = object->dlpi_addr + part->p_vaddr;
            wanted.to = wanted.from + part->p_memsz;
        }
    }
    return 1;
}

void fail_begin(const char *library, enum call call, int error, int nth)
{
    wanted.library = library;
    CHECK(dl_iterate_phdr(find_library, NULL) == 1);
    wanted.call = call;
    wanted.error = error;
    wanted.nth = nth;
    atomic_store(&made, 0);
    atomic_store(&failed, false);
    atomic_store(&armed, true);
}

bool fail_end(void)
{
    atomic_store(&armed, false);
    return atomic_load(&failed);
}

/* 0, or how this call fails. */
static int failure(enum call call, const void *caller)
{
    const uintptr_t at = (uintptr_t)caller;

    if (!atomic_load(&armed) || call != wanted.call || at < wanted.from || at >= wanted.to ||
        atomic_fetch_add(&made, 1) + 1 != wanted.nth)
        return 0;
    atomic_store(&failed, true);
    return wanted.error;
}

#define FAILURE(call) failure(call, __builtin_return_address(0))

static long fail_with(int error)
{
    errno = error;
    return -1;
}

int socket(int family, int type, int protocol)
{
    const int error = FAILURE(CALL_SOCKET);
    return (int)(error > 0 ? fail_with(error) : syscall(SYS_socket, family, type, protocol));
}

int connect(int fd, __CONST_SOCKADDR_ARG to, socklen_t len)
{
    const int error = FAILURE(CALL_CONNECT);
    return (int)(error > 0 ? fail_with(error) : syscall(SYS_connect, fd, to.__sockaddr__, len));
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
    const int error = FAILURE(CALL_SETSOCKOPT);
    return (int)(error > 0 ? fail_with(error) : syscall(SYS_setsockopt, fd, level, name, value, len));
}

static int control(int error, int fd, int command, va_list args)
{
    void *value = va_arg(args, void *);
    return (int)(error > 0 ? fail_with(error) : syscall(SYS_fcntl, fd, command, value));
}

/* The C library has it by two names; which one fcntl() means here depends on _FILE_OFFSET_BITS. */
int narrow_fcntl(int fd, int command, ...) __asm__("fcntl");
int wide_fcntl(int fd, int command, ...) __asm__("fcntl64");

int narrow_fcntl(int fd, int command, ...)
{
    const int error = FAILURE(CALL_FCNTL);
    va_list args;
    int result;

    va_start(args, command);
    result = control(error, fd, command, args);
    va_end(args);
    return result;
}

int wide_fcntl(int fd, int command, ...)
{
    const int error = FAILURE(CALL_FCNTL);
    va_list args;
    int result;

    va_start(args, command);
    result = control(error, fd, command, args);
    va_end(args);
    return result;
}

static size_t shortened(int error, size_t len)
{
    return error == FAIL_SHORT && len > 1 ? 1 : len;
}

ssize_t recv(int fd, void *to, size_t len, int flags)
{
    const int error = FAILURE(CALL_RECEIVE);

    if (error > 0)
        return fail_with(error);
    return error == FAIL_ENDED ? 0 : syscall(SYS_recvfrom, fd, to, shortened(error, len), flags, NULL, NULL);
}

ssize_t read(int fd, void *to, size_t len)
{
    const int error = FAILURE(CALL_RECEIVE);

    if (error > 0)
        return fail_with(error);
    return error == FAIL_ENDED ? 0 : syscall(SYS_read, fd, to, shortened(error, len));
}

/* Nothing can be sent because the other side is gone: it says nothing any more either. */
static int cut(int error, int fd)
{
    if (error == EPIPE)
        (void)shutdown(fd, SHUT_RDWR);
    return error;
}

ssize_t send(int fd, const void *from, size_t len, int flags)
{
    const int error = cut(FAILURE(CALL_SEND), fd);
    return error > 0 ? fail_with(error) : syscall(SYS_sendto, fd, from, shortened(error, len), flags, NULL, 0);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    const int error = cut(FAILURE(CALL_SEND), fd);

    if (error == FAIL_SHORT)
        return syscall(SYS_sendto, fd, message->msg_iov[0].iov_base, shortened(error, message->msg_iov[0].iov_len),
                       flags, NULL, 0);
    return error > 0 ? fail_with(error) : syscall(SYS_sendmsg, fd, message, flags);
}

ssize_t write(int fd, const void *from, size_t len)
{
    const int error = cut(FAILURE(CALL_SEND), fd);
    return error > 0 ? fail_with(error) : syscall(SYS_write, fd, from, shortened(error, len));
}

int accept4(int fd, __SOCKADDR_ARG from, socklen_t *len, int flags)
{
    const int error = FAILURE(CALL_ACCEPT);
    return (int)(error > 0 ? fail_with(error) : syscall(SYS_accept4, fd, from.__sockaddr__, len, flags));
}

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
    const int error = FAILURE(CALL_LOOK_UP);
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) = NULL;

    if (error != 0)
        return error;
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    return real(host, service, hints, out);
}
