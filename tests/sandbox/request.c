#include "tests/sandbox/request.h"
#include "common/base/check.h"
#include "common/base/clk.h"
#include "common/base/str.h"
#include "tests/sandbox/dice.h"
#include "tests/sandbox/text.h"
#include <ctype.h>
#include <stdarg.h>
#include <strings.h>

#define ARENA_BYTES_MAX ((size_t)16 << 20)

static bool is_version(const char *segment)
{
    return segment[0] == 'v' && isdigit((unsigned char)segment[1]) && strchr(segment, '.') != NULL;
}

static void split_path(struct request *r)
{
    char *path = arena_str(&r->arena, r->path), *rest = NULL;
    CHECK(path != NULL);
    for (char *at = strtok_r(path, "/", &rest); at != NULL; at = strtok_r(NULL, "/", &rest)) {
        if (r->version == NULL && r->segment_count == 0 && is_version(at))
            r->version = at;
        else if (r->segment_count < SEGMENTS_MAX)
            r->segments[r->segment_count++] = at;
    }
}

static const char *token_of(const struct request *r)
{
    const char *header = http_header(r->x, "Authorization");
    const char *given = params_get(&r->params, "access_token");
    bool bearer = header != NULL && strncasecmp(header, "Bearer ", 7) == 0;
    for (int i = 0; i < r->params.from_query; i++) /* the query wins, then the header, then the body */
        if (strcmp(r->params.items[i].name, "access_token") == 0)
            return r->params.items[i].value;
    return bearer ? header + 7 : given;
}

static struct request *request_begin(struct sandbox *s)
{
    struct request *r = calloc(1, sizeof *r);
    CHECK(r != NULL);
    r->sandbox = s;
    r->status = 200;
    r->content_type = "application/json; charset=UTF-8";
    r->kind = CALL_OTHER;
    r->now_ms = vclock_now(&s->clock);
    r->real_ms = clk_mono_ms();
    arena_init(&r->arena, ARENA_BYTES_MAX);
    buf_init(&r->body, BODY_BYTES_MAX);
    buf_init(&r->headers, BODY_BYTES_MAX);
    return r;
}

struct request *request_new(struct sandbox *s, struct http_exchange *x)
{
    struct request *r = request_begin(s);
    const char *host = http_header(x, "Host");
    r->x = x;
    r->method = http_method(x);
    r->path = http_path(x);
    r->host = host != NULL ? host : s->options.host;
    params_read(&r->params, x, &r->arena);
    split_path(r);
    r->token_text = token_of(r);
    return r;
}

struct request *request_item(const struct request *outer, const char *method, const char *url, const char *form)
{
    struct request *r = request_begin(outer->sandbox);
    const size_t len = strcspn(url, "?");
    r->method = arena_str(&r->arena, method);
    r->path = arena_strn(&r->arena, url, len);
    r->host = outer->host;
    r->content_type = "text/javascript; charset=UTF-8";
    params_read_text(&r->params, url + len + (url[len] == '?'), form, &r->arena);
    CHECK(r->method != NULL && r->path != NULL);
    split_path(r);
    r->version = r->version != NULL ? r->version : outer->version;
    r->token_text = params_get(&r->params, "access_token");
    r->token_text = r->token_text != NULL ? r->token_text : outer->token_text;
    return r;
}

void request_header(struct request *r, const char *name, const char *value)
{
    if (r->x != NULL) {
        http_reply_header(r->x, name, value);
        return;
    }
    text_comma(&r->headers);
    buf_add_char(&r->headers, '{');
    text_pair(&r->headers, "name", name);
    text_comma(&r->headers);
    text_pair(&r->headers, "value", value);
    buf_add_char(&r->headers, '}');
}

void request_free(struct request *r)
{
    if (r->prev != NULL)
        r->prev->next = r->next;
    else if (r->sandbox->waiting == r)
        r->sandbox->waiting = r->next;
    if (r->next != NULL)
        r->next->prev = r->prev;
    timer_cancel(r->timer);
    buf_free(&r->body);
    buf_free(&r->headers);
    arena_free(&r->arena);
    free(r);
}

static void send_now(void *arg)
{
    struct request *r = arg;
    r->timer = NULL;
    CHECK(!r->body.overflow);
    http_reply(r->x, r->status, r->content_type, buf_str(&r->body), r->body.len);
    request_free(r);
}

static void wait_in_list(struct request *r)
{
    if (r->prev != NULL || r->sandbox->waiting == r)
        return;
    r->next = r->sandbox->waiting;
    if (r->next != NULL)
        r->next->prev = r;
    r->sandbox->waiting = r;
}

void request_later(struct request *r, int64_t delay_ms, void (*then)(void *arg))
{
    wait_in_list(r);
    r->timer = timer_start(r->sandbox->loop, delay_ms, then, r);
}

void request_send(struct request *r, int64_t delay_ms)
{
    if (delay_ms == 0)
        send_now(r);
    else
        request_later(r, delay_ms, send_now);
}

void request_drop(struct request *r)
{
    r->timer = NULL; /* it has struck, or there was none */
    http_drop(r->x);
    request_free(r);
}

void request_send_all_waiting(struct sandbox *s)
{
    struct request *next;
    for (struct request *r = s->waiting; r != NULL; r = next) {
        next = r->next;
        timer_cancel(r->timer);
        send_now(r);
    }
}

/* A later try may succeed. Of code 2 not the combinations that Meta never allows. */
static bool is_transient(int code, int subcode)
{
    return code == 1 || (code == 2 && subcode != 1504041) || code == 4 || code == 2601;
}

/* Objects that are not there, proofs that are wrong and batches are told apart; all else is an OAuthException, whatever
 * it is about. */
static const char *type_of(int code, int subcode, const char *message)
{
    if (code == 100 && (subcode == 33 || strstr(message, "appsecret_proof") != NULL))
        return "GraphMethodException";
    return code == 100 && strstr(message, "batch size") != NULL ? "GraphBatchException" : "OAuthException";
}

void request_error(struct request *r, int status, int code, int subcode, const char *format, ...)
{
    char message[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    struct buf *b = &r->body;
    buf_reset(b);
    r->status = status;
    TEXT_LITERAL(b, "{\"error\":{");
    text_pair(b, "message", message);
    text_comma(b);
    text_pair(b, "type", type_of(code, subcode, message));
    buf_addf(b, ",\"code\":%d", code);
    if (subcode != 0)
        buf_addf(b, ",\"error_subcode\":%d", subcode);
    if (is_transient(code, subcode))
        TEXT_LITERAL(b, ",\"is_transient\":true");
    uint64_t id = dice_roll(r->sandbox->options.world.seed, r->sandbox->answers);
    buf_addf(b, ",\"fbtrace_id\":\"A%010llx\"}}", (unsigned long long)(id >> 24));
    if (code == 190) {
        const char *header = arena_printf(&r->arena, "OAuth \"Facebook Platform\" \"invalid_token\" \"%s\"", message);
        request_header(r, "WWW-Authenticate", header);
    }
}

void request_not_found(struct request *r)
{
    const char *method = r->method;
    request_error(r, 400, 100, 33,
                  "Unsupported %s request. Object with ID '%s' does not exist, cannot be loaded due to missing "
                  "permissions, or does "
                  "not support this operation. Please read the Graph API documentation at "
                  "https://developers.facebook.com/docs/graph-api",
                  strcmp(method, "GET") == 0      ? "get"
                  : strcmp(method, "DELETE") == 0 ? "delete"
                                                  : "post",
                  r->segment_count > 0 ? r->segments[0] : "");
}

void request_error_told(struct request *r, const char *title, const char *text)
{
    struct buf *b = &r->body;
    b->len -= 2; /* the braces that end it */
    text_comma(b);
    text_pair(b, "error_user_title", title);
    text_comma(b);
    text_pair(b, "error_user_msg", text);
    TEXT_LITERAL(b, "}}");
}

bool request_failed(const struct request *r)
{
    return r->status != 200;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; *text != 0; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u; /* FNV-1a */
    return (hash ^ 0xff) * 0x100000001b3u;
}

static bool is_any(const char *name, const char *const *list, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(name, list[i]) == 0)
            return true;
    return false;
}

uint64_t request_hash(const struct request *r, bool page)
{
    static const char *const never[] = {"access_token", "appsecret_proof"}, *const paging[] = {"after", "before",
                                                                                               "limit"};
    uint64_t hash = 0xcbf29ce484222325u;
    for (int i = 0; i < r->segment_count; i++)
        hash = hash_text(hash, r->segments[i]);
    for (int i = 0; i < r->params.count; i++) {
        const char *name = r->params.items[i].name;
        if (is_any(name, never, 2) || (!page && is_any(name, paging, 3)))
            continue;
        hash = hash_text(hash_text(hash, name), r->params.items[i].value);
    }
    return hash;
}
