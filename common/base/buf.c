#include "common/base/buf.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include <stdarg.h>

void buf_init(struct buf *b, size_t max_bytes)
{
    *b = (struct buf){.max = max_bytes};
}

void buf_free(struct buf *b)
{
    free(b->data);
    buf_init(b, b->max);
}

void buf_reset(struct buf *b)
{
    b->len = 0;
    b->overflow = false;
    if (b->data != NULL)
        b->data[0] = '\0';
}

bool buf_reserve(struct buf *b, size_t more)
{
    size_t need, cap;
    char *grown;

    if (b->overflow || more > b->max - b->len) {
        b->overflow = true;
        return false;
    }
    need = b->len + more + 1;
    if (need <= b->cap)
        return true;
    cap = b->cap < 64 ? 64 : b->cap;
    while (cap < need)
        cap *= 2;
    if (cap > b->max + 1)
        cap = b->max + 1;
    grown = mem_resize(b->data, cap);
    if (grown == NULL) {
        b->overflow = true;
        return false;
    }
    b->data = grown;
    b->cap = cap;
    return true;
}

void buf_add(struct buf *b, const void *bytes, size_t len)
{
    if (!buf_reserve(b, len))
        return;
    if (len > 0)
        memcpy(b->data + b->len, bytes, len);
    b->len += len;
    b->data[b->len] = '\0';
}

void buf_add_str(struct buf *b, const char *text)
{
    buf_add(b, text, strlen(text));
}

void buf_add_char(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_addf(struct buf *b, const char *format, ...)
{
    va_list args, again;
    int len;

    va_start(args, format);
    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0) {
        b->overflow = true;
    } else if (buf_reserve(b, (size_t)len)) {
        (void)vsnprintf(b->data + b->len, (size_t)len + 1, format, again);
        b->len += (size_t)len;
    }
    va_end(again);
}

static void add_json_char(struct buf *b, unsigned char c)
{
    switch (c) {
    case '"':
        buf_add_str(b, "\\\"");
        break;
    case '\\':
        buf_add_str(b, "\\\\");
        break;
    case '\n':
        buf_add_str(b, "\\n");
        break;
    case '\r':
        buf_add_str(b, "\\r");
        break;
    case '\t':
        buf_add_str(b, "\\t");
        break;
    default:
        buf_addf(b, "\\u%04x", c);
    }
}

/* How many bytes stand in JSON as they are. */
static size_t plain_len(const char *text)
{
    size_t len = 0;

    while (text[len] >= 0x20 && text[len] < 0x7f && text[len] != '"' && text[len] != '\\')
        len++;
    return len;
}

static void add_escaped(struct buf *b, const char *text)
{
    for (size_t left = strlen(text), step; left > 0; text += step, left -= step) {
        unsigned char c = (unsigned char)*text;

        step = str_utf8_step(text, left);
        if (step == 0)
            buf_add_str(b, "\xef\xbf\xbd");
        else if (c < 0x20 || c == 0x7f || c == '"' || c == '\\')
            add_json_char(b, c);
        else
            buf_add(b, text, step);
        step = step == 0 ? 1 : step;
    }
}

void buf_add_json(struct buf *b, const char *text)
{
    const size_t plain = plain_len(text);

    if (!buf_reserve(b, plain + 2))
        return;
    buf_add_char(b, '"');
    buf_add(b, text, plain);
    if (text[plain] != '\0')
        add_escaped(b, text + plain);
    buf_add_char(b, '"');
}

void buf_add_url(struct buf *b, const char *text)
{
    static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    for (; *text != '\0'; text++) {
        if (strchr(unreserved, *text) != NULL)
            buf_add_char(b, *text);
        else
            buf_addf(b, "%%%02X", (unsigned char)*text);
    }
}

const char *buf_str(const struct buf *b)
{
    return b->data != NULL ? b->data : "";
}
