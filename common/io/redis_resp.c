#include "common/base/str.h"
#include "common/io/redis_parts.h"
#include <hiredis/hiredis.h>
#include <string.h>

/* A struct redis_reply is hiredis' own reply under a name that hides it. */
static const redisReply *plain(const struct redis_reply *r)
{
    return (const redisReply *)(const void *)r;
}

static const redisReply nil = {.type = REDIS_REPLY_NIL};

static bool is_text(const redisReply *r)
{
    return r->type == REDIS_REPLY_STRING || r->type == REDIS_REPLY_STATUS || r->type == REDIS_REPLY_ERROR;
}

enum redis_type redis_type(const struct redis_reply *r)
{
    if (is_text(plain(r)))
        return REDIS_STR;
    if (plain(r)->type == REDIS_REPLY_INTEGER)
        return REDIS_INT;
    return plain(r)->type == REDIS_REPLY_ARRAY ? REDIS_ARRAY : REDIS_NIL;
}

int64_t redis_int(const struct redis_reply *r)
{
    int64_t value = 0;

    if (plain(r)->type == REDIS_REPLY_INTEGER)
        return plain(r)->integer;
    (void)str_to_i64(redis_str(r), INT64_MIN, INT64_MAX, &value); /* 0 when it is no number */
    return value;
}

const char *redis_str(const struct redis_reply *r)
{
    return is_text(plain(r)) ? plain(r)->str : "";
}

size_t redis_str_len(const struct redis_reply *r)
{
    return is_text(plain(r)) ? plain(r)->len : 0;
}

int redis_count(const struct redis_reply *r)
{
    return plain(r)->type == REDIS_REPLY_ARRAY ? (int)plain(r)->elements : 0;
}

const struct redis_reply *redis_at(const struct redis_reply *r, int i)
{
    const redisReply *element = i >= 0 && i < redis_count(r) ? plain(r)->element[i] : &nil;
    return (const struct redis_reply *)(const void *)element;
}

const char *redis_field(const struct redis_reply *r, const char *field)
{
    for (int i = 0; i + 1 < redis_count(r); i += 2) {
        const struct redis_reply *value = redis_at(r, i + 1);
        if (strcmp(redis_str(redis_at(r, i)), field) == 0)
            return is_text(plain(value)) ? redis_str(value) : NULL;
    }
    return NULL;
}

void redis_add_count(struct buf *command, int words)
{
    buf_addf(command, "*%d\r\n", words);
}

void redis_add_bulk(struct buf *command, const char *bytes, size_t len)
{
    buf_addf(command, "$%zu\r\n", len);
    buf_add(command, bytes, len);
    buf_add(command, "\r\n", 2);
}
