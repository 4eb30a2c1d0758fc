#pragma once
#include "common/base/err.h"
#include "common/base/settings.h"
#include "common/io/db.h"
#include "common/io/http_client.h"
#include "common/io/redis.h"
#include "common/provider/provider.h"
#include <stdbool.h>
/* Questions to a provider outside of jobs, by the command line, the API and the scheduler: budget → request → HTTP →
 * verdict → feedback. Each retries transient failures twice; a budget that allows nothing now is ERR_THROTTLED. */
struct remote {
    struct loop *loop;
    struct db_pool *db;
    struct redis *redis;
    struct http_client *http;
    const struct settings *settings;
    struct provider_config config;
    bool stopped;
};
/* Fills config from the settings; borrows all. */
void remote_init(struct remote *r, struct loop *l, struct db_pool *db, struct redis *redis, struct http_client *http,
                 const struct settings *s);
/* From now on no call is sent: what wants to is ERR_CANCELED. Before the HTTP client is closed. */
void remote_stop(struct remote *r);
