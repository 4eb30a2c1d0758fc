#include "common/provider/meta/meta_account.h"
#include "common/base/str.h"
#include "common/provider/meta/meta_cursor.h"
#include "common/provider/meta/meta_json.h"
#include "common/provider/meta/meta_request.h"
#include "common/provider/meta/meta_verdict.h"

#define FIELDS "id,account_id,name,currency,timezone_name,account_status"

enum { ACCOUNT_BYTES_MAX = 64 * 1024, CURSOR_BYTES_MAX = 8 * 1024, STATUS_CLOSED = 101 };

int meta_account_request(const struct provider_config *c, const char *account, const struct secret *token,
                         struct http_request *out, struct err *e)
{
    struct buf url;

    meta_url_start(&url, c, account, NULL);
    meta_url_param(&url, "fields", FIELDS);
    return meta_url_finish(&url, c, token, out, e);
}

int meta_accounts_request(const struct provider_config *c, const char *cursor, const struct secret *token,
                          struct http_request *out, struct err *e)
{
    struct buf url;

    meta_url_start(&url, c, "me", "adaccounts");
    meta_url_param(&url, "fields", FIELDS);
    meta_url_param(&url, "limit", "100");
    if (cursor != NULL && *cursor != '\0')
        meta_url_param(&url, "after", cursor);
    return meta_url_finish(&url, c, token, out, e);
}

static int read_info(const json_t *object, struct account_info *out, struct err *e)
{
    const json_t *status = json_object_get(object, "account_status");
    struct arena *a = &out->arena;
    int rc;

    *out = (struct account_info){0};
    arena_init(a, ACCOUNT_BYTES_MAX);
    rc = meta_json_id(object, "id", a, &out->account, e);
    if (rc == 0)
        rc = meta_json_text(object, "name", a, &out->name, e);
    if (rc == 0)
        rc = meta_json_id(object, "currency", a, &out->currency, e);
    if (rc == 0)
        rc = meta_json_id(object, "timezone_name", a, &out->timezone, e);
    if (out->name == NULL || *out->name == '\0')
        out->name = out->account;
    out->closed = json_is_integer(status) && json_integer_value(status) == STATUS_CLOSED;
    return rc;
}

void meta_account_read(const struct http_answer *a, struct account_info *out, struct verdict *v)
{
    json_t *root = meta_verdict_read(a, NULL, v);
    struct err e = {0};

    *out = (struct account_info){0};
    if (root != NULL && read_info(root, out, &e) != 0) {
        account_info_clear(out);
        (void)err_wrap(&e, "the ad account");
        meta_verdict_fail(v, &e);
    }
    json_decref(root);
}

static int read_list(const json_t *root, void (*each)(void *arg, const struct account_info *info), void *arg,
                     struct buf *next, struct err *e)
{
    const json_t *data = json_object_get(root, "data");
    const json_t *object;
    const char *after;
    struct arena a;
    size_t i;
    int rc;

    if (!json_is_array(data))
        return err_set(e, ERR_ANSWER, "the answer has no list named data");
    arena_init(&a, CURSOR_BYTES_MAX);
    rc = meta_cursor_next(root, NULL, "", &a, &after, e);
    if (rc == 0 && after != NULL)
        buf_add_str(next, after);
    arena_free(&a);
    json_array_foreach(data, i, object)
    {
        struct account_info info;

        if (rc == 0)
            rc = read_info(object, &info, e);
        else
            break;
        if (rc == 0)
            each(arg, &info);
        else
            (void)err_wrap(e, "ad account %zu of the list", i);
        account_info_clear(&info);
    }
    return rc;
}

void meta_accounts_read(const struct http_answer *a, void (*each)(void *arg, const struct account_info *info),
                        void *arg, struct buf *next, struct verdict *v)
{
    json_t *root = meta_verdict_read(a, NULL, v);
    struct err e = {0};

    buf_reset(next);
    if (root != NULL && read_list(root, each, arg, next, &e) != 0)
        meta_verdict_fail(v, &e);
    json_decref(root);
}
