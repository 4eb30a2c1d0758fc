#include "common/io/http_client.h"
#include "common/base/check.h"
#include "common/base/clk.h"
#include "common/base/mem.h"
#include "common/base/metrics.h"
#include "common/base/str.h"
#include "common/io/http_client_multi.h"
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

/* libcurl 7.88.1:
 *  - messages are drained after every action, also when no transfer runs any more: the last timeout is one of them;
 *  - a name lookup that is given up is waited for, in the loop, unless CURLOPT_QUICK_EXIT is set;
 *  - HTTP/2 is not used: one paused stream keeps all others of its connection from being read, so the transfers that
 * hold the places of bodies_max could wait for ever behind one that waits for a place; and a stream that is reset
 * half-way passes for a complete answer;
 *  - an answer cut off within its headers passes for complete;
 *  - a request whose reused connection ends without a word of answer is sent again by itself: a call that nobody
 * granted, so on_request() stops it;
 *  - curl_easy_pause delivers what was held back inside the call, and its failure is reported nowhere else. */

enum { HEADER_BYTES_MAX = 64 * 1024 };

enum call_state {
    CALL_RUNNING,  /* curl works on it */
    CALL_WAITING,  /* paused at its first byte of body, in client->waiting, until a place is free; then RUNNING */
    CALL_FINISHED, /* done is called in the next turn */
};

struct http_call {
    struct http_client *client;
    TAILQ_ENTRY(http_call) in_calls, in_waiting;
    enum call_state state;
    bool has_place; /* counted in client->places_taken */
    CURL *easy;
    struct curl_slist *headers;
    char *body;
    char curl_error[CURL_ERROR_SIZE];
    struct timer *timer;
    int64_t started_ms;
    struct http_answer answer;
    bool headers_ended;
    bool asked, sent;
    struct err err;
    http_done done;
    void *arg;
};
TAILQ_HEAD(call_list, http_call);

struct http_client {
    struct loop *loop;
    struct http_client_options options;
    struct multi *multi;
    struct call_list calls, waiting;
    int places_taken; /* bodies being received or owned by the caller */
    bool places_offered;
    bool ended;
    void (*closed)(void *arg);
    void *closed_arg;
};

static void end_if_closed(struct http_client *c);
static void offer_places(void *arg);

/* --- the end of a call --- */

static void leave_place(struct http_client *c)
{
    CHECK(c->places_taken > 0);
    c->places_taken--;
    if (!c->places_offered) {
        c->places_offered = true;
        loop_defer(c->loop, offer_places, c);
    }
}

static void take_place(struct http_call *call)
{
    call->has_place = true;
    call->client->places_taken++;
}

static void wipe(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
}

static void on_delivery(void *arg)
{
    struct http_call *call = arg;
    struct http_client *c = call->client;

    TAILQ_REMOVE(&c->calls, call, in_calls);
    call->done(call->arg, call->err.rc, &call->answer, call->sent, &call->err);
    http_answer_clear(&call->answer);
    free(call);
    end_if_closed(c);
}

static void drop_answer(struct http_call *call)
{
    http_answer_clear(&call->answer);
    if (call->has_place)
        leave_place(call->client);
    call->has_place = false;
}

/* Ends the transfer; call->err says how it went. The only way to CALL_FINISHED. */
static void finish(struct http_call *call)
{
    struct http_client *c = call->client;

    CHECK(call->state != CALL_FINISHED);
    if (call->state == CALL_WAITING)
        TAILQ_REMOVE(&c->waiting, call, in_waiting);
    call->state = CALL_FINISHED;
    timer_cancel(call->timer);
    call->sent = call->asked; /* CURLINFO_REQUEST_SIZE is 0 of a request whose first send had to wait */
    curl_multi_remove_handle(multi_curl(c->multi), call->easy);
    curl_easy_cleanup(call->easy);
    for (struct curl_slist *h = call->headers; h; h = h->next)
        wipe(h->data);
    curl_slist_free_all(call->headers);
    wipe(call->body);
    free(call->body);

    if (call->err.rc != 0)
        drop_answer(call);
    else if (!call->has_place)
        take_place(call); /* an answer without a body: its owner will release it like any other */
    call->answer.duration_ms = clk_mono_ms() - call->started_ms;
    loop_defer(c->loop, on_delivery, call);
}

static int rc_of(CURLcode code)
{
    if (code == CURLE_OUT_OF_MEMORY)
        return ERR_NO_MEMORY;
    return code == CURLE_OPERATION_TIMEDOUT ? ERR_TIMEOUT : ERR_NETWORK;
}

static void fail_with_curl(struct http_call *call, CURLcode code)
{
    const char *why = *call->curl_error ? call->curl_error : curl_easy_strerror(code);
    if (call->err.rc == 0) /* else a callback of ours stopped the transfer */
        err_set(&call->err, rc_of(code), "%s", why);
    finish(call);
}

/* About to send. */
static int on_request(void *arg, char *primary_ip, char *local_ip, int primary_port, int local_port)
{
    struct http_call *call = arg;
    (void)primary_ip, (void)local_ip, (void)primary_port, (void)local_port;

    if (call->asked) {
        err_set(&call->err, ERR_NETWORK, "the connection was closed before the answer");
        return CURL_PREREQFUNC_ABORT;
    }
    call->asked = true;
    return CURL_PREREQFUNC_OK;
}

static void on_transfer_end(void *arg, CURLcode code)
{
    struct http_call *call = arg;
    long status = 0;

    if (code != CURLE_OK) {
        fail_with_curl(call, code);
        return;
    }
    if (!call->headers_ended) {
        err_set(&call->err, ERR_NETWORK, "the connection was closed within the headers of the answer");
        finish(call);
        return;
    }
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    call->answer.status = (int)status;
    finish(call);
}

static void on_timeout(void *arg)
{
    struct http_call *call = arg;
    call->timer = NULL;
    err_set(&call->err, ERR_TIMEOUT, "no complete answer within %lld ms", (long long)call->client->options.timeout_ms);
    finish(call);
}

static void start_timer(struct http_call *call)
{
    call->timer = timer_start(call->client->loop, call->client->options.timeout_ms, on_timeout, call);
}

/* --- places for bodies --- */

static void offer_places(void *arg)
{
    struct http_client *c = arg;
    struct http_call *call;

    c->places_offered = false;
    while (c->places_taken < c->options.bodies_max && (call = TAILQ_FIRST(&c->waiting))) {
        TAILQ_REMOVE(&c->waiting, call, in_waiting);
        call->state = CALL_RUNNING;
        take_place(call);
        start_timer(call);
        CURLcode code = curl_easy_pause(call->easy, CURLPAUSE_CONT);
        if (code != CURLE_OK)
            fail_with_curl(call, code);
    }
    end_if_closed(c);
}

void http_body_released(struct http_client *c)
{
    leave_place(c);
}

struct http_answer http_answer_take(struct http_answer *a)
{
    struct http_answer taken = *a;
    *a = (struct http_answer){0};
    return taken;
}

/* Waiting for a place is our own doing, so the call's time stands still meanwhile. */
static void wait_for_place(struct http_call *call)
{
    call->state = CALL_WAITING;
    timer_cancel(call->timer);
    call->timer = NULL;
    TAILQ_INSERT_TAIL(&call->client->waiting, call, in_waiting);
}

static size_t on_body(char *bytes, size_t one, size_t len, void *arg)
{
    struct http_call *call = arg;
    struct http_client *c = call->client;
    (void)one;

    if (!call->has_place) {
        if (c->places_taken >= c->options.bodies_max || !TAILQ_EMPTY(&c->waiting)) {
            wait_for_place(call);
            return CURL_WRITEFUNC_PAUSE;
        }
        take_place(call);
    }
    metric_add(M_CALL_BYTES, (int64_t)len);
    buf_add(&call->answer.body, bytes, len);
    if (call->answer.body.overflow) {
        err_set(&call->err, ERR_LIMIT, "the answer is larger than %zu bytes", c->options.body_bytes_max);
        return 0;
    }
    return len;
}

/* One line. Interim answers (1xx) come first: only the last block counts. */
static size_t on_header(char *line, size_t one, size_t len, void *arg)
{
    struct http_call *call = arg;
    struct buf *headers = &call->answer.headers;
    (void)one;

    if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        /* Silence counts from here on: a provider may think for minutes before its first byte. */
        curl_easy_setopt(call->easy, CURLOPT_LOW_SPEED_TIME, (long)call->client->options.stall_seconds);
        buf_reset(headers);
        call->headers_ended = false;
    } else if (len > 0 && (line[0] == '\r' || line[0] == '\n')) {
        call->headers_ended = true; /* trailers of a chunked body may still follow */
    } else {
        buf_add(headers, line, len);
    }
    if (headers->overflow) {
        err_set(&call->err, ERR_LIMIT, "the headers of the answer are larger than %d bytes", HEADER_BYTES_MAX);
        return 0;
    }
    return len;
}

/* --- sending --- */

static void add_header(struct http_call *call, const char *line)
{
    struct curl_slist *longer = curl_slist_append(call->headers, line);
    CHECK(longer);
    call->headers = longer;
}

static void add_headers(struct http_call *call, const struct http_request *r)
{
    add_header(call, "Expect:"); /* no 100-continue round trip */
    if (!r->bearer)
        return;
    char *line = str_printf("Authorization: Bearer %s", secret_reveal(r->bearer));
    add_header(call, line);
    wipe(line);
    free(line);
}

static void set_request(struct http_call *call, const struct http_request *r)
{
    CURL *h = call->easy;

    add_headers(call, r);
    curl_easy_setopt(h, CURLOPT_URL, r->url);
    curl_easy_setopt(h, CURLOPT_HTTPHEADER, call->headers);
    if (strcmp(r->method, "POST") == 0) {
        call->body = str_dup(r->body ? r->body : "");
        curl_easy_setopt(h, CURLOPT_POSTFIELDS, call->body);
        curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(call->body));
    } else {
        CHECK(strcmp(r->method, "GET") == 0);
    }
}

static void set_options(struct http_call *call, const struct http_client_options *o)
{
    CURL *h = call->easy;

    curl_easy_setopt(h, CURLOPT_PRIVATE, call);
    curl_easy_setopt(h, CURLOPT_ERRORBUFFER, call->curl_error);
    curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(h, CURLOPT_WRITEDATA, call);
    curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(h, CURLOPT_HEADERDATA, call);
    curl_easy_setopt(h, CURLOPT_PREREQFUNCTION, on_request);
    curl_easy_setopt(h, CURLOPT_PREREQDATA, call);
    curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(h, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(h, CURLOPT_PROXY, "");
    curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(h, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(h, CURLOPT_USERAGENT, "metricx-sync/" METRICX_VERSION);
    curl_easy_setopt(h, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, (long)o->connect_timeout_ms);
    curl_easy_setopt(h, CURLOPT_LOW_SPEED_LIMIT, 1L);
}

struct http_call *http_send(struct http_client *c, const struct http_request *r, http_done done, void *arg)
{
    struct http_call *call = mem_new(1, sizeof *call);
    call->client = c;
    call->done = done;
    call->arg = arg;
    call->started_ms = clk_mono_ms();
    buf_init(&call->answer.body, c->options.body_bytes_max);
    buf_init(&call->answer.headers, HEADER_BYTES_MAX);
    call->easy = curl_easy_init();
    CHECK(call->easy);
    set_options(call, &c->options);
    set_request(call, r);
    TAILQ_INSERT_TAIL(&c->calls, call, in_calls);
    start_timer(call);
    CHECK(curl_multi_add_handle(multi_curl(c->multi), call->easy) == CURLM_OK);
    if (c->closed)
        http_cancel(call);
    return call;
}

void http_cancel(struct http_call *call)
{
    err_set(&call->err, ERR_CANCELED, "the call was cancelled");
    if (call->state == CALL_FINISHED)
        drop_answer(call);
    else
        finish(call);
}

/* --- the client --- */

struct http_client *http_client_new(struct loop *l, const struct http_client_options *o)
{
    struct http_client *c = mem_new(1, sizeof *c);
    CHECK(o->bodies_max > 0 && o->timeout_ms > 0);
    c->loop = l;
    c->options = *o;
    TAILQ_INIT(&c->calls);
    TAILQ_INIT(&c->waiting);
    c->multi = multi_new(l, o->connections_max, on_transfer_end);
    return c;
}

static void on_multi_closed(void *arg)
{
    struct http_client *c = arg;
    c->closed(c->closed_arg);
    free(c);
}

static void end_if_closed(struct http_client *c)
{
    if (!c->closed || c->ended || !TAILQ_EMPTY(&c->calls) || c->places_taken > 0 || c->places_offered)
        return;
    c->ended = true;
    multi_close(c->multi, on_multi_closed, c);
}

void http_client_close(struct http_client *c, void (*closed)(void *arg), void *arg)
{
    CHECK(!c->closed);
    c->closed = closed;
    c->closed_arg = arg;
    for (struct http_call *call = TAILQ_FIRST(&c->calls); call; call = TAILQ_NEXT(call, in_calls))
        http_cancel(call);
    end_if_closed(c);
}
