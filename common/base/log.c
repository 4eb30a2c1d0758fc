#include "common/base/log.h"
#include "common/base/buf.h"
#include "common/base/check.h"
#include "common/base/clk.h"
#include "common/base/date.h"
#include "common/base/mask.h"
#include "common/base/mem.h"
#include "common/base/str.h"
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

enum {
    RING_BYTES = 1024 * 1024,
    LINE_MAX_BYTES = 32 * 1024,
    VALUE_MAX_BYTES = 2048,
    WRITE_BYTES = 64 * 1024,
    STOP_SECONDS = 1,
};

/* On the heap, because a writer that hangs in write(2) at the stop is left behind and frees it when it gets out. */
struct writer {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool stopping, ended, abandoned;
    size_t at, len; /* the filled part of the ring */
    char ring[RING_BYTES];
    char chunk[WRITE_BYTES]; /* what is being written */
};

static struct writer *writer;
static const char *program_name = "";
static enum log_level least_level;
static enum log_format line_format;
static _Atomic int64_t dropped;

static const char *const level_names[] = {"debug", "info", "warn", "error"};

static void count_lost(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        dropped += bytes[i] == '\n';
}

static void write_out(const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t done = write(STDERR_FILENO, bytes, len);

        if (done >= 0) {
            bytes += done;
            len -= (size_t)done;
        } else if (errno == EAGAIN) {
            struct pollfd wait = {.fd = STDERR_FILENO, .events = POLLOUT};

            (void)poll(&wait, 1, -1);
        } else if (errno != EINTR) {
            count_lost(bytes, len); /* the disk is full, for one */
            return;
        }
    }
}

static void writer_free(struct writer *w)
{
    (void)pthread_cond_destroy(&w->changed);
    (void)pthread_mutex_destroy(&w->mutex);
    free(w);
}

static void *writer_main(void *arg)
{
    struct writer *w = arg;
    bool abandoned;

    (void)pthread_mutex_lock(&w->mutex);
    for (;;) {
        size_t take = RING_BYTES - w->at;

        while (w->len == 0 && !w->stopping)
            (void)pthread_cond_wait(&w->changed, &w->mutex);
        if (w->len == 0)
            break;
        take = take < w->len ? take : w->len;
        take = take < WRITE_BYTES ? take : WRITE_BYTES;
        memcpy(w->chunk, w->ring + w->at, take);
        w->at = (w->at + take) % RING_BYTES;
        w->len -= take;
        (void)pthread_mutex_unlock(&w->mutex);
        write_out(w->chunk, take);
        (void)pthread_mutex_lock(&w->mutex);
    }
    w->ended = true;
    abandoned = w->abandoned;
    (void)pthread_cond_broadcast(&w->changed);
    (void)pthread_mutex_unlock(&w->mutex);
    if (abandoned)
        writer_free(w);
    return NULL;
}

void log_start(const char *program, enum log_level least, enum log_format format)
{
    pthread_condattr_t monotonic;
    sigset_t all, before;

    CHECK(writer == NULL);
    program_name = program;
    least_level = least;
    line_format = format;
    dropped = 0;
    writer = mem_new(1, sizeof *writer);
    CHECK(pthread_mutex_init(&writer->mutex, NULL) == 0);
    CHECK(pthread_condattr_init(&monotonic) == 0);
    CHECK(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&writer->changed, &monotonic) == 0);
    (void)pthread_condattr_destroy(&monotonic);
    /* every signal blocked: the loop's signals belong to the loop, and SIGPIPE must not end the program */
    (void)sigfillset(&all);
    CHECK(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    CHECK(pthread_create(&writer->thread, NULL, writer_main, writer) == 0);
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
}

void log_stop(void)
{
    struct writer *w = writer;
    struct timespec until;
    bool ended;

    if (w == NULL)
        return;
    writer = NULL;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += STOP_SECONDS;
    (void)pthread_mutex_lock(&w->mutex);
    w->stopping = true;
    (void)pthread_cond_broadcast(&w->changed);
    while (!w->ended && pthread_cond_timedwait(&w->changed, &w->mutex, &until) == 0)
        ;
    ended = w->ended;
    w->abandoned = !ended;
    if (!ended)
        (void)pthread_detach(w->thread);
    (void)pthread_mutex_unlock(&w->mutex);
    if (ended) {
        (void)pthread_join(w->thread, NULL);
        writer_free(w);
    }
}

bool log_enabled(enum log_level level)
{
    return writer != NULL && level >= least_level;
}

int64_t log_dropped(void)
{
    return dropped;
}

static void put_line(struct writer *w, const struct buf *line)
{
    size_t end, first;

    (void)pthread_mutex_lock(&w->mutex);
    if (line->overflow || line->len > RING_BYTES - w->len) {
        dropped++;
    } else {
        end = (w->at + w->len) % RING_BYTES;
        first = line->len < RING_BYTES - end ? line->len : RING_BYTES - end;
        memcpy(w->ring + end, line->data, first);
        memcpy(w->ring, line->data + first, line->len - first);
        w->len += line->len;
        (void)pthread_cond_signal(&w->changed);
    }
    (void)pthread_mutex_unlock(&w->mutex);
}

static bool needs_quotes(const char *text)
{
    if (*text == '\0' || !str_is_utf8(text, strlen(text)))
        return true;
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text <= ' ' || *text == '"' || *text == '=' || *text == '\\' || *text == 0x7f)
            return true;
    }
    return false;
}

static void add_key(struct buf *line, const char *key)
{
    if (line_format == LOG_JSON) {
        buf_add_char(line, line->len == 0 ? '{' : ',');
        buf_add_json(line, key);
        buf_add_char(line, ':');
    } else {
        if (line->len > 0)
            buf_add_char(line, ' ');
        buf_add_str(line, key);
        buf_add_char(line, '=');
    }
}

static void add_text(struct buf *line, const char *key, const char *value)
{
    char text[VALUE_MAX_BYTES];

    add_key(line, key);
    if (value == NULL) {
        if (line_format == LOG_JSON)
            buf_add_str(line, "null");
        return;
    }
    (void)str_copy(text, sizeof text, value);
    mask_secrets(text);
    if (line_format == LOG_JSON || needs_quotes(text))
        buf_add_json(line, text);
    else
        buf_add_str(line, text);
}

static void add_time(struct buf *line)
{
    const int64_t now_ms = clk_wall_ms(), day_ms = (int64_t)24 * 60 * 60 * 1000;
    const int of_day = (int)(now_ms % day_ms);
    char day[DATE_TEXT], text[40];

    (void)snprintf(text, sizeof text, "%sT%02d:%02d:%02d.%03dZ", date_text((date_t)(now_ms / day_ms), day),
                   of_day / 3600000, of_day / 60000 % 60, of_day / 1000 % 60, of_day % 1000);
    add_text(line, "time", text);
}

static void add_field(struct buf *line, const struct log_field *field)
{
    switch (field->type) {
    case LOG_FIELD_STR:
        add_text(line, field->key, field->v.s);
        break;
    case LOG_FIELD_INT:
        add_key(line, field->key);
        buf_addf(line, "%" PRId64, field->v.i);
        break;
    case LOG_FIELD_BOOL:
        add_key(line, field->key);
        buf_add_str(line, field->v.b ? "true" : "false");
        break;
    case LOG_FIELD_ERR:
        add_text(line, "error_code", field->v.e != NULL ? err_name(field->v.e->rc) : NULL);
        add_text(line, field->key, field->v.e != NULL ? field->v.e->text : NULL);
        break;
    }
}

void log_event(enum log_level level, const char *event, const struct log_field *fields)
{
    struct buf line;

    if (!log_enabled(level))
        return;
    buf_init(&line, LINE_MAX_BYTES);
    add_time(&line);
    add_text(&line, "level", level_names[level]);
    add_text(&line, "program", program_name);
    add_text(&line, "event", event);
    for (; fields->key != NULL; fields++)
        add_field(&line, fields);
    buf_add_str(&line, line_format == LOG_JSON ? "}\n" : "\n");
    put_line(writer, &line);
    buf_free(&line);
}
