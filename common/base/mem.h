#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/* Memory when the system refuses it. What is small is needed to put work back in order, so a reserve stands behind it:
 * once memory is refused the reserve is freed and the request made again. What is large is an answer or its rows: there
 * a refusal is an error like others. With the reserve used up too the process ends, which is survived like any kill. */
#define MEM_SMALL ((size_t)64 * 1024)

/* Zeroed, for free(); never NULL. For objects and lists of ours, whose size no outsider sets. */
void *mem_new(size_t count, size_t size);
/* Like realloc; NULL only for more than MEM_SMALL bytes, `old` is kept then. */
void *mem_resize(void *old, size_t bytes);
/* The same for libraries, with what malloc and calloc mean; never NULL up to MEM_SMALL bytes. */
void *mem_lend(size_t bytes);
void *mem_lend_zeroed(size_t count, size_t size);
/* The reserve is used up and cannot be had back now: nothing new should be begun. Cheap while there is memory. */
bool mem_short(void);
/* How often the system refused memory, since the program began. */
int64_t mem_refused(void);
