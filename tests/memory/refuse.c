#include "tests/memory/refuse.h"
#include "common/base/check.h"
#include <errno.h>
#include <link.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* The real ones: the sanitizer's where there is one. */
#ifdef METRICX_SANITIZED
#define REAL(name) __interceptor_##name
#else
#define REAL(name) __libc_##name
#endif
void *REAL(malloc)(size_t size);
void *REAL(calloc)(size_t count, size_t size);
void *REAL(realloc)(void *old, size_t size);
void REAL(free)(void *memory);

/* Where the code lies whose requests count. */
enum { COUNTED_MAX = 16 };
static struct {
    uintptr_t from, to;
} counted[COUNTED_MAX];
static int counted_count;

static atomic_bool under_way;
static enum refusal mode;
static long wanted;
static atomic_long made, refusals, in_use, in_use_at_nth, largest;

static bool gets_over_it(const char *library)
{
    static const char *const names[] = {"libjansson.", "libcrypto.", "libcurl.",
                                        "libhiredis.", "libpq.",     "libmicrohttpd."};
    bool found = *library == '\0'; /* the program itself */

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        found = found || strstr(library, names[i]) != NULL;
    return found;
}

static int note_object(struct dl_phdr_info *object, size_t size, void *arg)
{
    (void)size, (void)arg;
    for (int i = 0; i < object->dlpi_phnum && gets_over_it(object->dlpi_name); i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];

        if (part->p_type != PT_LOAD || (part->p_flags & PF_X) == 0)
            continue;
        CHECK(counted_count < COUNTED_MAX);
        counted[counted_count].from = object->dlpi_addr + part->p_vaddr;
        counted[counted_count].to = object->dlpi_addr + part->p_vaddr + part->p_memsz;
        counted_count++;
    }
    return 0;
}

static bool counts(const void *caller)
{
    const uintptr_t at = (uintptr_t)caller;

    for (int i = 0; i < counted_count; i++)
        if (at >= counted[i].from && at < counted[i].to)
            return true;
    return false;
}

/* Whether this request is refused. `more`: the bytes that it would add to what is in use. */
static bool refused(const void *caller, long more)
{
    bool refuse;
    long now;

    if (!atomic_load(&under_way) || !counts(caller))
        return false;
    now = atomic_fetch_add(&made, 1) + 1;
    if (more > atomic_load(&largest))
        atomic_store(&largest, more);
    if (now == wanted)
        atomic_store(&in_use_at_nth, atomic_load(&in_use));
    if (mode == REFUSE_ONE)
        refuse = now == wanted;
    else
        refuse = wanted > 0 && now >= wanted && atomic_load(&in_use) + more > atomic_load(&in_use_at_nth);
    if (refuse) {
        atomic_fetch_add(&refusals, 1);
        errno = ENOMEM;
    }
    return refuse;
}

static long size_of(void *memory)
{
    return memory == NULL ? 0 : (long)malloc_usable_size(memory);
}

static void *given(void *memory, long before)
{
    if (atomic_load(&under_way))
        atomic_fetch_add(&in_use, size_of(memory) - before);
    return memory;
}

void *malloc(size_t size)
{
    return refused(__builtin_return_address(0), (long)size) ? NULL : given(REAL(malloc)(size), 0);
}

void *calloc(size_t count, size_t size)
{
    return refused(__builtin_return_address(0), (long)(count * size)) ? NULL : given(REAL(calloc)(count, size), 0);
}

void *realloc(void *old, size_t size)
{
    const long before = atomic_load(&under_way) ? size_of(old) : 0;

    return refused(__builtin_return_address(0), (long)size - before) ? NULL : given(REAL(realloc)(old, size), before);
}

void free(void *memory)
{
    if (atomic_load(&under_way))
        atomic_fetch_sub(&in_use, size_of(memory));
    REAL(free)(memory);
}

void refuse_begin(enum refusal how, long nth)
{
    if (counted_count == 0)
        (void)dl_iterate_phdr(note_object, NULL);
    mode = how;
    wanted = nth;
    atomic_store(&made, 0);
    atomic_store(&refusals, 0);
    atomic_store(&in_use, 0);
    atomic_store(&in_use_at_nth, 0);
    atomic_store(&under_way, true);
}

long refuse_end(bool *was_refused)
{
    atomic_store(&under_way, false);
    if (was_refused != NULL)
        *was_refused = atomic_load(&refusals) > 0;
    return atomic_load(&made);
}

long refuse_largest(void)
{
    return atomic_exchange(&largest, 0);
}
