#include "common/base/zone.h"
#include "tests/sandbox/sandbox.h"

struct program {
    struct loop *loop;
    struct sandbox *sandbox;
};

static void on_closed(void *arg)
{
    struct program *p = arg;
    loop_ignore_stop(p->loop);
}

static void on_stop(void *arg)
{
    struct program *p = arg;
    sandbox_close(p->sandbox, on_closed, p);
}

/* Written whole or not at all: who waits for the file never reads half a number. */
static int write_port(const char *path, int port)
{
    char temporary[4096];
    if (snprintf(temporary, sizeof temporary, "%s.new", path) >= (int)sizeof temporary)
        return -1;
    FILE *f = fopen(temporary, "w");
    if (f == NULL)
        return -1;
    int written = fprintf(f, "%d\n", port);
    return fclose(f) == 0 && written > 0 ? rename(temporary, path) : -1;
}

static int run(const struct sandbox_options *o)
{
    struct err e;
    struct program p = {.loop = loop_new()};
    if (sandbox_new(p.loop, o, &p.sandbox, &e) != 0) {
        fprintf(stderr, "metricx-sandbox: %s\n", e.text);
        return 1;
    }
    int port = http_server_port(p.sandbox->server);
    if (o->port_file != NULL && write_port(o->port_file, port) != 0) {
        fprintf(stderr, "metricx-sandbox: cannot write %s\n", o->port_file);
        return 1;
    }
    printf("listening on http://%s:%d\n", o->host, port);
    (void)fflush(stdout);
    loop_on_stop(p.loop, on_stop, &p);
    loop_run(p.loop);
    sandbox_free(p.sandbox);
    loop_free(p.loop);
    zone_shutdown();
    return 0;
}

int main(int argc, char **argv)
{
    struct sandbox_options options;
    int rc = options_read(&options, argc, argv);
    return rc == OPTIONS_RUN ? run(&options) : rc;
}
