#include "common/provider/meta/meta_json.h"

/* What jansson 2.14 takes on a 64-bit machine, the allocator's own bytes included. */
enum { OBJECT_BYTES = 224, LIST_BYTES = 144, MEMBER_BYTES = 128, TEXT_BYTES = 96, ITEM_BYTES = 56 };

/* Behind the text that begins at *at. */
static const char *skip_text(const char *at, const char *end)
{
    while (++at < end && *at != '"')
        at += *at == '\\';
    return at < end ? at + 1 : end;
}

int meta_tree_check(const char *text, size_t len, struct err *e)
{
    const char *at = text, *end = text + len;
    size_t bytes = len;
    int depth = 0;

    while (at < end && depth <= META_DEPTH_MAX && bytes <= META_TREE_BYTES_MAX) {
        if (*at == '"') {
            bytes += TEXT_BYTES;
            at = skip_text(at, end);
            continue;
        }
        depth += (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
        bytes += *at == '{'   ? OBJECT_BYTES
                 : *at == '[' ? LIST_BYTES
                 : *at == ':' ? MEMBER_BYTES - TEXT_BYTES /* its name was counted as a text */
                 : *at == ',' ? ITEM_BYTES
                              : 0;
        at++;
    }
    if (depth > META_DEPTH_MAX)
        return err_set(e, ERR_LIMIT, "the answer is nested more than %d deep", META_DEPTH_MAX);
    if (bytes > META_TREE_BYTES_MAX)
        return err_set(e, ERR_LIMIT, "the values of the answer need more than %d bytes", META_TREE_BYTES_MAX);
    return 0;
}
