#include "common/base/clk.h"
#include "common/base/log.h"
#include <fcntl.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>
/* cmocka needs the four above it */
#include <cmocka.h>

static char written[4 * 1024 * 1024];
static int real_stderr;
static FILE *file;

/* stderr into a file, until read_written() */
static void capture(enum log_level least, enum log_format format)
{
    real_stderr = dup(STDERR_FILENO);
    file = tmpfile();
    assert_non_null(file);
    assert_int_equal(dup2(fileno(file), STDERR_FILENO), STDERR_FILENO);
    clk_fake(INT64_C(1795314607089), 0);
    log_start("prog", least, format);
}

static const char *read_written(void)
{
    size_t len;

    log_stop();
    clk_real();
    assert_int_equal(dup2(real_stderr, STDERR_FILENO), STDERR_FILENO);
    (void)close(real_stderr);
    rewind(file);
    len = fread(written, 1, sizeof written - 1, file);
    written[len] = '\0';
    (void)fclose(file);
    return written;
}

static void writes_logfmt(void **state)
{
    struct err e;

    (void)state;
    (void)err_set(&e, ERR_TIMEOUT, "no answer");
    capture(LOG_INFO, LOG_LOGFMT);
    log_info("run planned", F_STR("run", "r-1"), F_INT("chunks", -13), F_BOOL("force", true), F_ERR(&e));
    log_warn("odd", F_STR("null", NULL), F_STR("empty", ""), F_STR("quote", "say \"a=b\"\n"), F_STR("path", "a\\b"),
             F_STR("utf8", "\xc3\xa9"), F_STR("broken", "\xff"), F_ERR(NULL));
    log_error("ready");
    assert_string_equal(
        read_written(),
        "time=2026-11-22T02:30:07.089Z level=info program=prog event=\"run planned\" run=r-1 chunks=-13 force=true "
        "error_code=timeout error=\"no answer\"\n"
        "time=2026-11-22T02:30:07.089Z level=warn program=prog event=odd null= empty=\"\" quote=\"say \\\"a=b\\\"\\n\" "
        "path=\"a\\\\b\" utf8=\xc3\xa9 broken=\"\xef\xbf\xbd\" error_code= error=\n"
        "time=2026-11-22T02:30:07.089Z level=error program=prog event=ready\n");
}

static void writes_json(void **state)
{
    json_t *line;
    const char *text;

    (void)state;
    capture(LOG_DEBUG, LOG_JSON);
    log_debug("a \"b\"", F_STR("key", "tab\t\x01 \xff"), F_INT("n", INT64_MIN), F_BOOL("yes", false),
              F_STR("null", NULL));
    text = read_written();
    assert_int_equal(text[strlen(text) - 1], '\n');
    line = json_loads(text, 0, NULL);
    assert_non_null(line);
    assert_string_equal(json_string_value(json_object_get(line, "time")), "2026-11-22T02:30:07.089Z");
    assert_string_equal(json_string_value(json_object_get(line, "event")), "a \"b\"");
    assert_string_equal(json_string_value(json_object_get(line, "key")), "tab\t\x01 \xef\xbf\xbd");
    assert_true(json_integer_value(json_object_get(line, "n")) == INT64_MIN);
    assert_true(json_is_false(json_object_get(line, "yes")));
    assert_true(json_is_null(json_object_get(line, "null")));
    json_decref(line);
}

static void keeps_levels_apart(void **state)
{
    (void)state;
    log_info("before the start"); /* goes nowhere */
    assert_false(log_enabled(LOG_ERROR));
    capture(LOG_WARN, LOG_LOGFMT);
    assert_true(log_enabled(LOG_WARN));
    assert_false(log_enabled(LOG_INFO));
    log_info("too low");
    assert_string_equal(read_written(), "");
}

static void masks_tokens(void **state)
{
    struct err e = {.rc = ERR_NETWORK, .text = "Bearer abcdefgh"};
    const char *text;

    (void)state;
    capture(LOG_INFO, LOG_LOGFMT);
    log_info("EAABsbCS1iHgBO7ZCqTkz4WZC", F_STR("url", "/me?access_token=abcdefgh&x=1"), F_ERR(&e));
    text = read_written();
    assert_non_null(strstr(text, "event=*** url=\"/me?access_token=***&x=1\" error_code=network error=\"Bearer ***\""));
}

static void cuts_long_values(void **state)
{
    static char text[10000];
    const char *out;

    (void)state;
    memset(text, 'x', sizeof text - 1);
    capture(LOG_INFO, LOG_LOGFMT);
    log_info("long", F_STR("text", text), F_INT("after", 1));
    out = read_written();
    assert_in_range(strlen(out), 2000, 2200);
    assert_non_null(strstr(out, " after=1\n"));
}

static void keeps_order_and_loses_nothing_that_fits(void **state)
{
    const char *at;
    char expected[64];

    (void)state;
    capture(LOG_INFO, LOG_LOGFMT);
    for (int i = 0; i < 5000; i++)
        log_info("line", F_INT("n", i));
    assert_int_equal(log_dropped(), 0);
    at = read_written();
    for (int i = 0; i < 5000; i++) {
        (void)snprintf(expected, sizeof expected, " n=%d\n", i);
        at = strstr(at, expected);
        assert_non_null(at);
    }
}

static void what_a_full_disk_does_not_take_is_counted(void **state)
{
    const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    int status = -1;
    pid_t child;

    (void)state;
    assert_true(full >= 0);
    child = fork();
    if (child == 0) {
        (void)dup2(full, STDERR_FILENO);
        log_start("prog", LOG_INFO, LOG_LOGFMT);
        for (int i = 0; i < 10; i++)
            log_info("lost", F_INT("n", i));
        log_stop();
        _exit((int)log_dropped());
    }
    (void)close(full);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 10);
}

/* In a child, whose stderr is a pipe: fills the log; ends 0 when lines were dropped, 1 when none was. */
static int log_into_pipe(bool reader_is_gone)
{
    int ends[2], status = -1;
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        (void)dup2(ends[1], STDERR_FILENO);
        (void)close(ends[1]);
        if (reader_is_gone)
            (void)close(ends[0]);
        log_start("prog", LOG_INFO, LOG_LOGFMT);
        for (int i = 0; i < 40000; i++)
            log_info("nobody reads this line, which is about a hundred bytes long", F_INT("n", i));
        log_stop();
        _exit(log_dropped() > 10000 ? 0 : 1);
    }
    (void)close(ends[1]);
    if (reader_is_gone)
        (void)close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!reader_is_gone)
        (void)close(ends[0]);
    return status;
}

static void a_pipe_that_nobody_reads_blocks_nobody(void **state)
{
    (void)state;
    assert_int_equal(log_into_pipe(false), 0);
}

static void a_reader_that_went_away_ends_nothing(void **state)
{
    int status = log_into_pipe(true);

    (void)state;
    assert_true(WIFEXITED(status)); /* by SIGPIPE it would not be */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_logfmt),
        cmocka_unit_test(writes_json),
        cmocka_unit_test(keeps_levels_apart),
        cmocka_unit_test(masks_tokens),
        cmocka_unit_test(cuts_long_values),
        cmocka_unit_test(keeps_order_and_loses_nothing_that_fits),
        cmocka_unit_test(what_a_full_disk_does_not_take_is_counted),
        cmocka_unit_test(a_pipe_that_nobody_reads_blocks_nobody),
        cmocka_unit_test(a_reader_that_went_away_ends_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
