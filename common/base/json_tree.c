#include "common/base/json_tree.h"

/* What jansson 2.14 takes on a 64-bit machine, the allocator's own bytes included. */
enum { OBJECT_BYTES = 224, LIST_BYTES = 144, MEMBER_BYTES = 128, TEXT_BYTES = 96, ITEM_BYTES = 56 };

/* Behind the text that begins at *at. */
static const char *skip_text(const char *at, const char *end)
{
    while (++at < end && *at != '"')
        at += *at == '\\';
    return at < end ? at + 1 : end;
}

enum json_tree json_tree_check(const char *text, size_t len, int depth_max, size_t bytes_max)
{
    const char *at = text, *end = text + len;
    size_t bytes = len;
    int depth = 0;

    while (at < end && depth <= depth_max && bytes <= bytes_max) {
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
    return depth > depth_max ? JSON_TREE_DEEP : bytes > bytes_max ? JSON_TREE_LARGE : JSON_TREE_FITS;
}
