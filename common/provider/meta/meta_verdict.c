#include "common/provider/meta/meta_verdict.h"
#include "common/base/mask.h"
#include "common/base/str.h"
#include "common/provider/meta/meta_json.h"
#include "common/provider/meta/meta_usage.h"
#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <strings.h>

enum scope { SCOPE_ACCOUNT, SCOPE_APP };
enum { ANY = INT_MIN, SHORT_S = 60, SCORE_S = 300, HOUR_S = 3600 };

/* Every error of Meta's that we know; the first line that fits counts, an unknown one is transient. block_s: how long
 * no call may be made when the usage headers do not say it. */
static const struct rule {
    int first, last, subcode; /* codes from first to last */
    int rc;
    int block_s;
    enum scope scope; /* whom a throttle concerns */
} rules[] = {
    /* too much data in one question */
    {100, 100, 1487534, ERR_TOO_MUCH_DATA, 0, SCOPE_ACCOUNT},
    {100, 100, 1504018, ERR_TOO_MUCH_DATA, 0, SCOPE_ACCOUNT},
    {2, 2, 1504038, ERR_TOO_MUCH_DATA, 0, SCOPE_ACCOUNT},
    {-3, -3, 1504045, ERR_TOO_MUCH_DATA, 0, SCOPE_ACCOUNT},
    /* throttles */
    {4, 4, ANY, ERR_THROTTLED, SHORT_S, SCOPE_APP},
    {17, 17, ANY, ERR_THROTTLED, SCORE_S, SCOPE_ACCOUNT},
    {32, 32, ANY, ERR_THROTTLED, SHORT_S, SCOPE_ACCOUNT},
    {341, 341, ANY, ERR_THROTTLED, HOUR_S, SCOPE_APP},
    {368, 368, ANY, ERR_THROTTLED, HOUR_S, SCOPE_ACCOUNT},
    {613, 613, 0, ERR_THROTTLED, SCORE_S, SCOPE_APP},
    {613, 613, 1487742, ERR_THROTTLED, SCORE_S, SCOPE_ACCOUNT},
    {613, 613, ANY, ERR_THROTTLED, SHORT_S, SCOPE_ACCOUNT},
    {80000, 80006, ANY, ERR_THROTTLED, SHORT_S, SCOPE_ACCOUNT},
    {80008, 80009, ANY, ERR_THROTTLED, SHORT_S, SCOPE_ACCOUNT},
    {80014, 80014, ANY, ERR_THROTTLED, SHORT_S, SCOPE_ACCOUNT},
    /* the token */
    {190, 190, ANY, ERR_NEEDS_REAUTH, 0, SCOPE_ACCOUNT},
    {102, 102, ANY, ERR_NEEDS_REAUTH, 0, SCOPE_ACCOUNT},
    {2500, 2500, ANY, ERR_NEEDS_REAUTH, 0, SCOPE_ACCOUNT},
    {INT_MIN, INT_MAX, 458, ERR_NEEDS_REAUTH, 0, SCOPE_ACCOUNT},
    {INT_MIN, INT_MAX, 459, ERR_NEEDS_REAUTH, 0, SCOPE_ACCOUNT},
    {INT_MIN, INT_MAX, 460, ERR_NEEDS_REAUTH, 0, SCOPE_ACCOUNT},
    {INT_MIN, INT_MAX, 463, ERR_NEEDS_REAUTH, 0, SCOPE_ACCOUNT},
    {INT_MIN, INT_MAX, 464, ERR_NEEDS_REAUTH, 0, SCOPE_ACCOUNT},
    {INT_MIN, INT_MAX, 467, ERR_NEEDS_REAUTH, 0, SCOPE_ACCOUNT},
    {INT_MIN, INT_MAX, 492, ERR_NEEDS_REAUTH, 0, SCOPE_ACCOUNT},
    {INT_MIN, INT_MAX, 493, ERR_NEEDS_REAUTH, 0, SCOPE_ACCOUNT},
    /* permissions; 803 is an id that is none, 100/33 one that does not exist or may not be seen */
    {3, 3, ANY, ERR_NO_ACCESS, 0, SCOPE_ACCOUNT},
    {10, 10, ANY, ERR_NO_ACCESS, 0, SCOPE_ACCOUNT},
    {200, 299, ANY, ERR_NO_ACCESS, 0, SCOPE_ACCOUNT},
    {100, 100, 33, ERR_NO_ACCESS, 0, SCOPE_ACCOUNT},
    {100, 100, 3191001, ERR_NO_ACCESS, 0, SCOPE_ACCOUNT},
    {803, 803, ANY, ERR_NO_ACCESS, 0, SCOPE_ACCOUNT},
    /* our questions */
    {2642, 2642, ANY, ERR_GONE, 0, SCOPE_ACCOUNT},
    {2, 2, 1504041, ERR_BAD_REQUEST, 0, SCOPE_ACCOUNT},
    {2, 2, 1504042, ERR_BAD_REQUEST, 0, SCOPE_ACCOUNT},
    {100, 100, ANY, ERR_BAD_REQUEST, 0, SCOPE_ACCOUNT},
    {2635, 2635, ANY, ERR_BAD_REQUEST, 0, SCOPE_ACCOUNT},
    {3018, 3018, ANY, ERR_BAD_REQUEST, 0, SCOPE_ACCOUNT},
};

/* What a verdict is made from. */
struct failure {
    int code, subcode;
    const char *message, *trace; /* borrowed; NULL when absent */
    bool is_transient;
};

static const struct rule *find_rule(int code, int subcode)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (code >= rules[i].first && code <= rules[i].last && (rules[i].subcode == ANY || rules[i].subcode == subcode))
            return &rules[i];
    }
    return NULL;
}

/* Meta repeats a token that it could not read: "Malformed access token EAAB…". Words of prose are short or all letters.
 */
static void mask_repeated_token(char *text)
{
    static const char mark[] = "access token ";
    char *word = strcasestr(text, mark);
    size_t len, letters = 0;

    if (word == NULL)
        return;
    word += sizeof mark - 1;
    len = strcspn(word, " \"");
    while (letters < len && isalpha((unsigned char)word[letters]))
        letters++;
    if (len < 8 || letters + 1 >= len)
        return;
    memmove(word + 3, word + len, strlen(word + len) + 1);
    memcpy(word, "***", 3);
}

/* The text for people: the words as far as there is room, always followed by the suffix. */
static void say(struct verdict *v, const char *words, const char *suffix)
{
    char text[4 * sizeof v->text];

    (void)str_copy(text, sizeof text, words);
    for (char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = ' ';
    }
    mask_repeated_token(text);
    mask_secrets(text);
    (void)str_copy(v->text, sizeof v->text - strlen(suffix), text);
    (void)str_copy(v->text + strlen(v->text), sizeof v->text - strlen(v->text), suffix);
}

static int fail_plain(struct verdict *v, int rc, const char *words)
{
    v->rc = rc;
    say(v, words, "");
    return rc;
}

/* 1 also comes for anything else: the only text that decides something. */
static bool wants_less(const struct failure *f)
{
    return f->code == 1 && f->message != NULL && strcasestr(f->message, "reduce the amount of data") != NULL;
}

static bool is_final(int rc)
{
    return rc == ERR_NEEDS_REAUTH || rc == ERR_NO_ACCESS || rc == ERR_BAD_REQUEST;
}

static void judge(struct verdict *v, const struct failure *f, int status)
{
    const struct rule *rule = find_rule(f->code, f->subcode);

    v->code = f->code;
    v->subcode = f->subcode;
    v->rc = rule != NULL ? rule->rc : ERR_TRANSIENT;
    if (wants_less(f))
        v->rc = ERR_TOO_MUCH_DATA;
    if (is_final(v->rc) && (f->is_transient || status >= 500))
        v->rc = ERR_TRANSIENT; /* an outage at Meta disables nobody */
    if (v->rc != ERR_THROTTLED || rule == NULL)
        return;
    struct quota *throttled = rule->scope == SCOPE_APP ? &v->app : &v->account;
    if (throttled->blocked_ms == 0)
        throttled->blocked_ms = (int64_t)rule->block_s * 1000;
}

static void describe(struct verdict *v, const struct failure *f)
{
    char suffix[120], trace[64] = "";

    if (f->trace != NULL)
        (void)str_copy(trace, sizeof trace, f->trace);
    for (char *c = trace; *c != '\0'; c++)
        *c = (char)(isalnum((unsigned char)*c) || *c == '_' || *c == '-' ? *c : '?');
    (void)snprintf(suffix, sizeof suffix, " (Meta's code %d/%d%s%s)", f->code, f->subcode, *trace ? ", trace " : "",
                   trace);
    say(v, f->message != NULL && *f->message != '\0' ? f->message : "an error without a message", suffix);
}

/* Codes come as numbers; as texts they are accepted too. */
static int code_of(const json_t *object, const char *key)
{
    char scratch[META_NUMBER_TEXT];
    const json_t *value = json_object_get(object, key);
    const char *text = value != NULL ? meta_number(value, scratch) : NULL;
    int64_t code;

    return text != NULL && str_to_i64(text, INT_MIN + 1, INT_MAX, &code) ? (int)code : 0;
}

static void read_error(const json_t *error, int status, struct verdict *v)
{
    struct failure f = {.message = json_string_value(error)};

    if (json_is_object(error)) {
        f = (struct failure){
            .code = code_of(error, "code"),
            .subcode = code_of(error, "error_subcode"),
            .message = json_string_value(json_object_get(error, "message")),
            .trace = json_string_value(json_object_get(error, "fbtrace_id")),
            .is_transient = json_is_true(json_object_get(error, "is_transient")),
        };
    }
    judge(v, &f, status);
    describe(v, &f);
}

/* unread: why there is no root. */
static int check_body(const json_t *root, const struct err *unread, const struct http_answer *a, struct verdict *v)
{
    const json_t *error = json_object_get(root, "error");
    char words[120];

    if (error != NULL && !json_is_null(error)) {
        read_error(error, a->status, v);
        return v->rc;
    }
    if (a->status == 429) {
        v->account.blocked_ms = v->account.blocked_ms > 0 ? v->account.blocked_ms : (int64_t)SHORT_S * 1000;
        return fail_plain(v, ERR_THROTTLED, "HTTP 429 without an error of Meta's");
    }
    if (a->status < 200 || a->status > 299) {
        (void)snprintf(words, sizeof words, "HTTP %d without an error of Meta's (%zu bytes)", a->status, a->body.len);
        return fail_plain(v, ERR_TRANSIENT, words);
    }
    if (root == NULL)
        return fail_plain(v, unread->rc, unread->text);
    if (!json_is_object(root) || json_is_false(json_object_get(root, "success")) ||
        json_object_get(root, "Service Unavailable") != NULL)
        return fail_plain(v, ERR_ANSWER, "the answer is not the object that was asked for");
    return 0;
}

json_t *meta_verdict_read(const struct http_answer *a, const char *account, struct verdict *v)
{
    struct err unread = {0};
    json_t *root;

    *v = (struct verdict){.account = QUOTA_UNSAID, .app = QUOTA_UNSAID};
    if (a->status == 0) {
        (void)fail_plain(v, ERR_NETWORK, "no answer");
        return NULL;
    }
    meta_usage_read(a, account, v);
    root = meta_json_parse(buf_str(&a->body), a->body.len, &unread);
    if (check_body(root, &unread, a, v) == 0)
        return root;
    json_decref(root);
    return NULL;
}

void meta_verdict_error(const json_t *error, struct verdict *v)
{
    *v = (struct verdict){.account = QUOTA_UNSAID, .app = QUOTA_UNSAID};
    read_error(error, 200, v);
}

void meta_verdict_fail(struct verdict *v, const struct err *e)
{
    (void)fail_plain(v, e->rc, e->text);
}
