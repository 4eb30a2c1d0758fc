/* Clocks that tests step: loaded before libc into servers and daemons. The file that STEPPED_CLOCK names holds
 * milliseconds (two int64_t), which are added to the time of day and to the monotonic clock, also when they change. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { WALL, MONOTONIC };

static const volatile int64_t *step_ms;

__attribute__((constructor)) static void map_step(void)
{
    const char *path = getenv("STEPPED_CLOCK");
    const int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    void *mapped = fd < 0 ? MAP_FAILED : mmap(NULL, 2 * sizeof *step_ms, PROT_READ, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED)
        _exit(127);
    step_ms = mapped;
    (void)close(fd);
}

static void step(struct timespec *now, int64_t ms)
{
    const int64_t ns = now->tv_nsec + ms % 1000 * 1000000;
    now->tv_sec += (time_t)(ms / 1000) + (ns < 0 ? -1 : ns >= 1000000000 ? 1 : 0);
    now->tv_nsec = (long)((ns + 1000000000) % 1000000000);
}

/* The system call itself: sanitizers have wrappers of libc's function, which are not ready when the first calls come.
 */
int clock_gettime(clockid_t clock, struct timespec *now)
{
    const long rc = syscall(SYS_clock_gettime, clock, now);
    if (rc != 0 || step_ms == NULL)
        return (int)rc;
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
        step(now, step_ms[WALL]);
        break;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_BOOTTIME:
        step(now, step_ms[MONOTONIC]);
        break;
    default: /* time that the processor spent */
        break;
    }
    return 0;
}

int gettimeofday(struct timeval *now, void *zone)
{
    struct timespec fine;
    const int rc = clock_gettime(CLOCK_REALTIME, &fine);
    (void)zone;
    *now = (struct timeval){.tv_sec = fine.tv_sec, .tv_usec = fine.tv_nsec / 1000};
    return rc;
}

time_t time(time_t *now)
{
    struct timespec fine;
    (void)clock_gettime(CLOCK_REALTIME, &fine);
    if (now != NULL)
        *now = fine.tv_sec;
    return fine.tv_sec;
}
