#include "tests/sandbox/transport.h"
#include "tests/sandbox/text.h"

#define HANG_MS (INT64_C(24) * 3600 * 1000)
#define DRIP_PIECES 10
#define DRIP_MS 100
#define STORED_MAX 65535 /* bytes of a block of deflate that is not compressed */

/* Puts the head before the body: what follows passes the server by. */
static void make_raw(struct request *r)
{
    struct buf raw;
    buf_init(&raw, BODY_BYTES_MAX);
    buf_addf(&raw, "HTTP/1.1 %d Answer\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n", r->status, r->content_type,
             r->body.len);
    buf_add(&raw, r->body.data, r->body.len);
    buf_free(&r->body);
    r->body = raw;
}

static void reset(void *arg)
{
    struct request *r = arg;
    make_raw(r);
    http_send_raw(r->x, r->body.data, r->body.len / 2);
    request_drop(r);
}

static void drip(void *arg)
{
    struct request *r = arg;
    size_t piece = r->body.len / DRIP_PIECES + 1, left = r->body.len - r->dripped;
    piece = piece < left ? piece : left;
    if (left == 0) { /* read by now: a reset right behind the last piece could overtake it */
        request_drop(r);
        return;
    }
    http_send_raw(r->x, r->body.data + r->dripped, piece);
    r->dripped += piece;
    request_later(r, DRIP_MS, drip);
}

static uint32_t crc32_of(const char *data, size_t len)
{
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < len; i++) {
        crc ^= (unsigned char)data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (0xedb88320u & (0u - (crc & 1u)));
    }
    return ~crc;
}

static void add_little(struct buf *b, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        buf_add_char(b, (char)(value >> 8 * i & 0xff));
}

/* A gzip file of blocks that are only stored. */
static void zip(struct request *r)
{
    struct buf out;
    buf_init(&out, BODY_BYTES_MAX);
    buf_add(&out, "\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
    for (size_t at = 0; at == 0 || at < r->body.len; at += STORED_MAX) {
        size_t left = r->body.len - at, len = left < STORED_MAX ? left : STORED_MAX;
        add_little(&out, len == left, 1);
        add_little(&out, len, 2);
        add_little(&out, ~len, 2);
        buf_add(&out, r->body.data + at, len);
    }
    add_little(&out, crc32_of(r->body.data, r->body.len), 4);
    add_little(&out, r->body.len, 4);
    buf_free(&r->body);
    r->body = out;
    http_reply_header(r->x, "Content-Encoding", "gzip");
}

void transport_send(struct request *r, int64_t delay_ms)
{
    const enum fault_kind kind = r->has_fault ? r->fault.kind : FAULT_KINDS;
    if (kind == FAULT_TRUNCATE)
        r->body.len /= 2;
    if (kind == FAULT_GZIP)
        zip(r);
    if (kind == FAULT_DRIP)
        make_raw(r);
    if (kind == FAULT_DROP)
        request_drop(r);
    else if (kind == FAULT_RESET)
        request_later(r, delay_ms, reset);
    else if (kind == FAULT_DRIP)
        request_later(r, delay_ms, drip);
    else
        request_send(r, kind == FAULT_HANG ? HANG_MS : delay_ms);
}
