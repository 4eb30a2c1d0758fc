#include "api/api.h"
#include "api/walls.h"
#include "common/store/daemon.h"

static int create(struct service *s, void **made, struct err *e)
{
    struct api *a = NULL;
    int rc = api_new(s, &a, e);
    *made = a;
    return rc;
}

static void start(void *made)
{
    (void)made; /* it serves since it was made */
}

static void stop(void *made, void (*stopped)(void *arg), void *arg)
{
    api_stop(made, stopped, arg);
}

static void destroy(void *made)
{
    api_free(made);
}

static int check_walls(struct service *s, struct err *e)
{
    return walls_check(s->loop, s->db, e);
}

int main(int argc, char **argv)
{
    static const struct service_need walls = {"workspaces are walls for " WALLED_ROLE, check_walls};
    static const struct daemon_kind kind = {.who = PROGRAM_API,
                                            .name = "metricx-api",
                                            .summary = "HTTP API, OAuth connect flow, live events, web pages",
                                            .needs_keys = true,
                                            .need = &walls,
                                            .create = create,
                                            .start = start,
                                            .stop = stop,
                                            .destroy = destroy};
    return daemon_main(&kind, argc, argv);
}
