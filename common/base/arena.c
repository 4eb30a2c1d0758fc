#include "common/base/arena.h"
#include "common/base/mem.h"
#include <stdarg.h>
#include <stdint.h>

struct arena_block {
    struct arena_block *next;
    size_t size, used;
    _Alignas(max_align_t) unsigned char data[];
};

enum { BLOCK_FIRST = 4096, BLOCK_LARGEST = 256 * 1024 };

void arena_init(struct arena *a, size_t max_bytes)
{
    *a = (struct arena){.max = max_bytes};
}

void arena_free(struct arena *a)
{
    struct arena_block *block = a->head;

    while (block != NULL) {
        struct arena_block *next = block->next;

        free(block);
        block = next;
    }
    arena_init(a, a->max);
}

static struct arena_block *add_block(struct arena *a, size_t bytes)
{
    size_t size = a->head == NULL ? BLOCK_FIRST : a->head->size * 2;
    struct arena_block *block;

    if (size > BLOCK_LARGEST)
        size = BLOCK_LARGEST;
    if (size < bytes)
        size = bytes;
    block = mem_resize(NULL, sizeof *block + size);
    if (block == NULL)
        return NULL;
    memset(block, 0, sizeof *block + size);
    block->size = size;
    block->next = a->head;
    a->head = block;
    return block;
}

void *arena_alloc(struct arena *a, size_t bytes)
{
    const size_t align = _Alignof(max_align_t);
    struct arena_block *block = a->head;
    void *at;

    if (bytes == 0)
        bytes = 1;
    if (a->overflow || bytes > a->max || (bytes = (bytes + align - 1) & ~(align - 1)) > a->max - a->used) {
        a->overflow = true;
        return NULL;
    }
    if (block == NULL || bytes > block->size - block->used)
        block = add_block(a, bytes);
    if (block == NULL) {
        a->overflow = true;
        return NULL;
    }
    at = block->data + block->used;
    block->used += bytes;
    a->used += bytes;
    return at;
}

char *arena_str(struct arena *a, const char *text)
{
    return text == NULL ? NULL : arena_strn(a, text, strlen(text));
}

char *arena_strn(struct arena *a, const char *text, size_t len)
{
    char *copy = len < SIZE_MAX ? arena_alloc(a, len + 1) : NULL;

    if (copy != NULL && len > 0)
        memcpy(copy, text, len);
    return copy;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
    va_list args, again;
    char *text = NULL;
    int len;

    va_start(args, format);
    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0)
        a->overflow = true;
    else if ((text = arena_alloc(a, (size_t)len + 1)) != NULL)
        (void)vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    return text;
}
