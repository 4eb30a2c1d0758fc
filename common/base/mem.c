#include "common/base/mem.h"
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum { RESERVE_BYTES = 1024 * 1024 };

static pthread_mutex_t giving = PTHREAD_MUTEX_INITIALIZER;
static _Atomic(void *) reserve; /* NULL: used up, or not taken yet */
static _Atomic int64_t refused;

static void *resize_from_reserve(void *old, size_t bytes)
{
    void *grown;

    /* one thread at a time: who comes second finds what the first one freed */
    (void)pthread_mutex_lock(&giving);
    free(atomic_exchange(&reserve, NULL));
    grown = realloc(old, bytes);
    (void)pthread_mutex_unlock(&giving);
    if (grown == NULL) {
        dprintf(STDERR_FILENO, "out of memory: %zu bytes are refused, and the reserve is used up\n", bytes);
        abort();
    }
    atomic_fetch_add(&refused, 1);
    return grown;
}

void *mem_new(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    size_t bytes;

    if (memory == NULL) {
        if (__builtin_mul_overflow(count, size, &bytes))
            abort();
        memory = memset(resize_from_reserve(NULL, bytes > 0 ? bytes : 1), 0, bytes);
    }
    return memory;
}

void *mem_resize(void *old, size_t bytes)
{
    void *grown;

    if (bytes == 0)
        bytes = 1;                        /* realloc would free */
    if (bytes > MEM_SMALL && mem_short()) /* it would live on what the reserve was freed for */
        return NULL;
    grown = realloc(old, bytes);
    if (grown != NULL)
        return grown;
    if (bytes <= MEM_SMALL)
        return resize_from_reserve(old, bytes);
    atomic_fetch_add(&refused, 1);
    return NULL;
}

int64_t mem_refused(void)
{
    return atomic_load(&refused);
}

void *mem_lend(size_t bytes)
{
    return mem_resize(NULL, bytes);
}

void *mem_lend_zeroed(size_t count, size_t size)
{
    size_t bytes;
    void *memory = __builtin_mul_overflow(count, size, &bytes) ? NULL : mem_resize(NULL, bytes);

    return memory != NULL ? memset(memory, 0, bytes) : NULL;
}

bool mem_short(void)
{
    void *none = NULL, *taken;

    if (atomic_load(&reserve) != NULL)
        return false;
    taken = malloc(RESERVE_BYTES);
    if (taken != NULL && !atomic_compare_exchange_strong(&reserve, &none, taken))
        free(taken);
    return taken == NULL;
}
