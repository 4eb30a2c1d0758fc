#include "tests/sandbox/floods.h"
#include "common/base/str.h"

enum {
    ROW_BYTES = 20 * 1024, /* so many more for each row that was asked for: 1,000 make 20 MiB */
    DEPTH = 10000,
    BOMB_BYTES = 100 << 20,
    MATCH_BYTES = 258, /* the longest that deflate repeats at once */
};

/* Puts a member with so many repetitions of a character behind the last one of the answer. */
static void add_member(struct buf *b, const char *name, const char *open, char c, size_t count, const char *close)
{
    if (b->len == 0 || b->data[b->len - 1] != '}')
        return;
    b->len--;
    buf_addf(b, ",\"%s\":%s", name, open);
    if (buf_reserve(b, count)) {
        memset(b->data + b->len, c, count);
        b->len += count;
    }
    for (size_t i = 0; *close != '\0' && i < (close[0] == '"' ? 1 : count); i++)
        buf_add_str(b, close);
    buf_add_char(b, '}');
}

static size_t rows_asked(const struct request *r)
{
    const char *limit = params_get(&r->params, "limit");
    int64_t rows = 1;
    (void)(limit != NULL && str_to_i64(limit, 1, INT32_MAX, &rows));
    return (size_t)rows;
}

struct bits {
    struct buf *out;
    unsigned waiting, count;
};

/* Deflate's codes come with their highest bit first, in bytes that are filled from the lowest. */
static void put_code(struct bits *b, unsigned code, int len)
{
    while (len-- > 0) {
        b->waiting |= (code >> len & 1u) << b->count;
        if (++b->count < 8)
            continue;
        buf_add_char(b->out, (char)b->waiting);
        b->waiting = b->count = 0;
    }
}

/* A gzip file of one byte that is repeated for ever: 13 bits of it make 258 bytes. */
static void make_bomb(struct request *r)
{
    struct buf out;
    struct bits bits = {.out = &out};
    buf_init(&out, BODY_BYTES_MAX);
    buf_add(&out, "\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
    put_code(&bits, 1, 1);               /* the last block, */
    put_code(&bits, 2, 2);               /* of fixed codes */
    put_code(&bits, 0x30 + (int)' ', 8); /* a blank */
    for (int i = 0; i < BOMB_BYTES / MATCH_BYTES; i++) {
        put_code(&bits, 0xc5, 8); /* 258 bytes */
        put_code(&bits, 0, 5);    /* from one back */
    }
    put_code(&bits, 0, 7 + 8); /* the end, and what is left of its byte */
    buf_free(&r->body);
    r->body = out;
    http_reply_header(r->x, "Content-Encoding", "gzip");
}

void flood(struct request *r)
{
    if (!r->has_fault)
        return;
    if (r->fault.kind == FAULT_HUGE)
        add_member(&r->body, "huge", "\"", 'x', rows_asked(r) * ROW_BYTES, "\"");
    else if (r->fault.kind == FAULT_DEEP)
        add_member(&r->body, "deep", "", '[', DEPTH, "]");
    else if (r->fault.kind == FAULT_BOMB)
        make_bomb(r);
}
