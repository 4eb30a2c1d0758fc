#pragma once
#include <stdbool.h>
#include <stddef.h>
/* Bump allocator with a ceiling: everything of one page or request is freed at once. Past the ceiling allocations
 * return NULL and `overflow` stays set. Not thread-safe; may be handed from thread to thread. */
struct arena {
    struct arena_block *head;
    size_t used, max;
    bool overflow;
};
void arena_init(struct arena *a, size_t max_bytes);
void arena_free(struct arena *a);                   /* releases, leaves an empty usable arena */
void *arena_alloc(struct arena *a, size_t bytes);   /* aligned for any type, zeroed */
char *arena_str(struct arena *a, const char *text); /* a copy; NULL for NULL */
char *arena_strn(struct arena *a, const char *text, size_t len);
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
