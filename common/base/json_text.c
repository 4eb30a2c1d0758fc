#include "common/base/json_text.h"
#include "common/base/mem.h"
#include <pthread.h>

enum { TREE_BYTES_PER_BYTE = 8 };

static _Thread_local void *room; /* for the tree that is being read; nobody touches it while memory is granted */

static void *allocate(size_t bytes)
{
    void *memory = malloc(bytes);

    if (memory == NULL && room != NULL) {
        free(room);
        room = NULL;
        memory = malloc(bytes);
    }
    return memory != NULL ? memory : mem_new(1, bytes);
}

static void adopt_jansson(void)
{
    json_set_alloc_funcs(allocate, free);
}

/* Without its "near '…'": that quotes the text, which may hold a secret. */
static size_t words_len(const char *text)
{
    const char *quote = strstr(text, " near '");
    return quote != NULL ? (size_t)(quote - text) : strlen(text);
}

json_t *json_text_read(const char *text, size_t len, size_t flags, struct err *e)
{
    static pthread_once_t adopted = PTHREAD_ONCE_INIT;
    json_error_t problem;
    json_t *root;

    (void)pthread_once(&adopted, adopt_jansson);
    room = mem_resize(NULL, len * TREE_BYTES_PER_BYTE + 1);
    if (room == NULL) {
        (void)err_set(e, ERR_NO_MEMORY, "no memory for the tree of %zu bytes of JSON", len);
        return NULL;
    }
    root = json_loadb(text, len, flags, &problem);
    free(room);
    room = NULL;
    if (root == NULL)
        (void)err_set(e, ERR_INPUT, "%.*s at line %d, column %d", (int)words_len(problem.text), problem.text,
                      problem.line, problem.column);
    return root;
}
