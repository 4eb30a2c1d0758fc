#include "common/base/check.h"
#include "common/base/zone.h"
#include "tests/integration/store_driver/driver.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *text_of(const json_t *o, const char *name)
{
    return json_string_value(json_object_get(o, name));
}

int64_t int_of(const json_t *o, const char *name, int64_t missing)
{
    const json_t *value = json_object_get(o, name);
    return json_is_integer(value) ? json_integer_value(value) : missing;
}

bool flag_of(const json_t *o, const char *name)
{
    return json_is_true(json_object_get(o, name));
}

void set_text(struct driver *d, const char *name, const char *value)
{
    CHECK(json_object_set_new(d->reply, name, value == NULL ? json_null() : json_string(value)) == 0);
}

void set_int(struct driver *d, const char *name, int64_t value)
{
    CHECK(json_object_set_new(d->reply, name, json_integer(value)) == 0);
}

void set_flag(struct driver *d, const char *name, bool value)
{
    CHECK(json_object_set_new(d->reply, name, json_boolean(value)) == 0);
}

int texts_of(const json_t *list, const char **out, int max)
{
    int count = (int)json_array_size(list);
    CHECK(count <= max);
    for (int i = 0; i < count; i++)
        out[i] = json_string_value(json_array_get(list, (size_t)i));
    return count;
}

void reply_end(struct driver *d, int rc, const struct err *e)
{
    set_text(d, "rc", err_name(rc));
    if (rc != 0) {
        CHECK(e != NULL && e->rc == rc && e->text[0] != '\0');
        set_text(d, "error", e->text);
    }
    CHECK(d->done == 0);
    d->done = 1;
}

void on_plain(void *arg, int rc, const struct err *e)
{
    reply_end(arg, rc, e);
}

void wait_done(struct driver *d)
{
    CHECK(d->done == 0); /* never inside the call */
    loop_run_until(d->loop, &d->done);
}

static void obey(struct driver *d, const char *line)
{
    json_error_t problem;
    json_t *o = json_loads(line, 0, &problem);
    CHECK(o != NULL);
    const char *name = text_of(o, "do");
    CHECK(name != NULL);
    d->reply = json_object();
    d->done = 0;
    CHECK(chunk_command(d, name, o) || plan_command(d, name, o) || account_command(d, name, o) ||
          access_command(d, name, o));
    char *text = json_dumps(d->reply, JSON_COMPACT);
    (void)puts(text);
    (void)fflush(stdout);
    free(text);
    json_decref(d->reply);
    json_decref(o);
}

static void on_closed(void *arg)
{
    *(int *)arg = 1;
}

int main(int argc, char **argv)
{
    struct driver d = {.loop = loop_new()};
    struct err e = {0};
    char *line = NULL;
    size_t size = 0;
    int closed = 0;
    CHECK(argc == 2);
    CHECK(db_pool_new(d.loop, argv[1], 2, "store_driver", &d.db, &e) == 0);
    while (getline(&line, &size, stdin) > 0)
        obey(&d, line);
    free(line);
    chunk_commands_end();
    db_pool_close(d.db, on_closed, &closed);
    loop_run_until(d.loop, &closed);
    loop_free(d.loop);
    zone_shutdown();
    return 0;
}
