#include "common/provider/meta/meta_json.h"
#include "common/base/json_text.h"
#include "common/base/json_tree.h"
#include "common/base/str.h"
#include <ctype.h>

static const char replacement[] = "\xef\xbf\xbd";

int meta_tree_check(const char *text, size_t len, struct err *e)
{
    switch (json_tree_check(text, len, META_DEPTH_MAX, META_TREE_BYTES_MAX)) {
    case JSON_TREE_DEEP:
        return err_set(e, ERR_LIMIT, "the answer is nested more than %d deep", META_DEPTH_MAX);
    case JSON_TREE_LARGE:
        return err_set(e, ERR_LIMIT, "the values of the answer need more than %d bytes", META_TREE_BYTES_MAX);
    case JSON_TREE_FITS:
        break;
    }
    return 0;
}

json_t *meta_json_parse(const char *text, size_t len, struct err *e)
{
    struct err unread = {0};
    json_t *root;

    if (meta_tree_check(text, len, e) != 0)
        return NULL;
    root = json_text_read(text, len, JSON_ALLOW_NUL, &unread);
    if (root == NULL && unread.rc == ERR_NO_MEMORY)
        (void)err_copy(e, &unread);
    else if (root == NULL)
        (void)err_set(e, ERR_ANSWER, "the answer is no JSON, or cut short (%zu bytes)", len);
    return root;
}

/* json_string_value() ends at the first NUL; the rest belongs to the text as well. */
static const char *copy_with_nul(struct arena *a, const char *text, size_t len)
{
    size_t nuls = 0, at = 0;
    char *out;

    for (size_t i = 0; i < len; i++)
        nuls += text[i] == '\0';
    if (nuls == 0)
        return arena_strn(a, text, len);
    out = arena_alloc(a, len + 2 * nuls + 1);
    for (size_t i = 0; out != NULL && i < len; i++) {
        if (text[i] == '\0') {
            for (int j = 0; j < 3; j++)
                out[at++] = replacement[j];
        } else {
            out[at++] = text[i];
        }
    }
    return out;
}

int meta_json_text(const json_t *object, const char *key, struct arena *a, const char **out, struct err *e)
{
    const json_t *value = json_object_get(object, key);

    *out = NULL;
    if (value == NULL || json_is_null(value))
        return 0;
    if (json_is_string(value))
        *out = copy_with_nul(a, json_string_value(value), json_string_length(value));
    else if (json_is_integer(value))
        *out = arena_printf(a, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else
        return err_set(e, ERR_ANSWER, "%s is no text", key);
    return *out != NULL ? 0 : err_set(e, ERR_LIMIT, "a page needs too much memory");
}

int meta_json_word(const json_t *object, const char *key, struct arena *a, const char **out, struct err *e)
{
    const size_t len = json_string_length(json_object_get(object, key));

    *out = NULL;
    if (len > META_ID_BYTES_MAX)
        return err_set(e, ERR_LIMIT, "%s has %zu bytes, more than %d", key, len, META_ID_BYTES_MAX);
    return meta_json_text(object, key, a, out, e);
}

int meta_json_id(const json_t *object, const char *key, struct arena *a, const char **out, struct err *e)
{
    int rc = meta_json_word(object, key, a, out, e);

    if (rc == 0 && (*out == NULL || **out == '\0'))
        rc = err_set(e, ERR_ANSWER, "%s is missing", key);
    return rc;
}

const char *meta_number(const json_t *value, char scratch[META_NUMBER_TEXT])
{
    if (json_is_string(value)) {
        const char *text = json_string_value(value);
        const size_t len = json_string_length(value);

        return len < META_NUMBER_TEXT && strlen(text) == len ? text : NULL;
    }
    if (!json_is_integer(value))
        return NULL;
    (void)snprintf(scratch, META_NUMBER_TEXT, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    return scratch;
}

bool meta_number_is_json(const char *text)
{
    const char *at = *text == '-' ? text + 1 : text;

    if (!isdigit((unsigned char)*at) || (*at == '0' && isdigit((unsigned char)at[1])))
        return false;
    at += strspn(at, "0123456789");
    if (*at == '.' && isdigit((unsigned char)at[1]))
        at += 1 + strspn(at + 1, "0123456789");
    return *at == '\0';
}

static int bad_number(const json_t *value, const char *key, const char *want, struct err *e)
{
    char scratch[META_NUMBER_TEXT];
    const char *text = meta_number(value, scratch);

    if (text == NULL)
        return err_set(e, ERR_ANSWER, "%s is no %s", key, want);
    return err_set(e, ERR_ANSWER, "%s is \"%s\", no %s", key, text, want);
}

static int kept(const char *out, struct err *e)
{
    return out != NULL ? 0 : err_set(e, ERR_LIMIT, "a page needs too much memory");
}

static int read_whole(const json_t *object, const char *key, int64_t most, struct arena *a, const char **out,
                      struct err *e)
{
    const json_t *value = json_object_get(object, key);
    char scratch[META_NUMBER_TEXT];
    const char *text;
    int64_t count;

    *out = NULL;
    if (value == NULL || json_is_null(value))
        return 0;
    text = meta_number(value, scratch);
    if (text == NULL || !str_to_i64(text, 0, INT64_MAX, &count))
        return bad_number(value, key, "whole number from 0", e);
    if (count > most)
        return err_set(e, ERR_LIMIT, "%s is %s, more than %lld", key, text, (long long)most);
    if (count == 0)
        *out = "0";
    else if (*text == '0')
        *out = arena_printf(a, "%lld", (long long)count);
    else
        *out = arena_str(a, text);
    return kept(*out, e);
}

int meta_json_count(const json_t *object, const char *key, struct arena *a, const char **out, struct err *e)
{
    return read_whole(object, key, META_COUNT_MAX, a, out, e);
}

int meta_json_minor(const json_t *object, const char *key, struct arena *a, const char **out, struct err *e)
{
    return read_whole(object, key, INT64_MAX, a, out, e);
}

int meta_json_money(const json_t *object, const char *key, struct arena *a, const char **out, struct err *e)
{
    static const struct decimal zero;
    const json_t *value = json_object_get(object, key);
    char scratch[META_NUMBER_TEXT];
    const char *text;
    struct decimal money;

    *out = "0";
    if (value == NULL || json_is_null(value))
        return 0;
    text = meta_number(value, scratch);
    if (text == NULL || !decimal_parse(text, &money) || decimal_cmp(&money, &zero) < 0)
        return bad_number(value, key, "decimal number from 0", e);
    *out = meta_decimal(&money, a);
    return kept(*out, e);
}

const char *meta_decimal(const struct decimal *d, struct arena *a)
{
    char text[DECIMAL_TEXT];

    return d->units == 0 ? "0" : arena_str(a, decimal_text(d, text));
}

void meta_json_add(struct buf *out, const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);

    if (text == NULL) {
        out->overflow = true;
        return;
    }
    for (char *c = strchr(text, '\\'); c != NULL; c = strchr(c + 2, '\\')) {
        if (strncmp(c + 1, "u0000", 5) == 0)
            memcpy(c + 2, "fffd", 4);
    }
    buf_add_str(out, text);
    free(text);
}
