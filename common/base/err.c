#include "common/base/err.h"
#include "common/base/mask.h"
#include "common/base/str.h"
#include <errno.h>
#include <stdarg.h>

/* Copies into e->text as valid UTF-8: these texts end in PostgreSQL, which refuses anything else. */
static void put_text(struct err *e, const char *text)
{
    size_t used = 0;

    while (*text != '\0') {
        size_t step = str_utf8_step(text, strnlen(text, 4));
        size_t bytes = step > 0 ? step : 1;

        if (used + bytes >= sizeof e->text)
            break;
        if (step > 0)
            memcpy(e->text + used, text, step);
        else
            e->text[used] = '?';
        used += bytes;
        text += bytes;
    }
    e->text[used] = '\0';
}

/* By way of a copy, so that e->text itself may be among the arguments. */
__attribute__((format(printf, 2, 0))) static void format_text(struct err *e, const char *format, va_list args)
{
    char text[sizeof e->text + 8];

    if (vsnprintf(text, sizeof text, format, args) < 0)
        text[0] = '\0';
    mask_secrets(text);
    put_text(e, text);
}

int err_set(struct err *e, int rc, const char *format, ...)
{
    va_list args;

    if (e == NULL)
        return rc;
    va_start(args, format);
    format_text(e, format, args);
    va_end(args);
    e->rc = rc;
    return rc;
}

int err_wrap(struct err *e, const char *format, ...)
{
    struct err old;
    va_list args;
    char text[2 * sizeof old.text];

    if (e == NULL)
        return ERR_BUG;
    old = *e;
    va_start(args, format);
    format_text(e, format, args);
    va_end(args);
    if (snprintf(text, sizeof text, "%s: %s", e->text, old.text) >= 0)
        put_text(e, text);
    return old.rc;
}

int err_copy(struct err *e, const struct err *from)
{
    if (e != NULL && e != from)
        *e = *from;
    return from->rc;
}

const char *err_name(int rc)
{
    switch (rc) {
#define X(name, number, code, meaning)                                                                                 \
    case name:                                                                                                         \
        return code;
        ERR_TABLE(X)
#undef X
    case 0:
        return "ok";
    default:
        return rc > -20000 ? "system" : "internal";
    }
}

int err_from_name(const char *name)
{
    static const struct {
        const char *name;
        int rc;
    } codes[] = {{"ok", 0},
                 {"system", -EIO},
#define X(id, number, code, meaning) {code, id},
                 ERR_TABLE(X)
#undef X
    };

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (strcmp(name, codes[i].name) == 0)
            return codes[i].rc;
    }
    return ERR_BUG;
}
