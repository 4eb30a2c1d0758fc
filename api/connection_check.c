#include "api/connection_check.h"
#include "api/answer.h"
#include "common/base/json_text.h"
#include "common/base/mem.h"
#include "common/store/listing.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct checking {
    struct call *call;
    void (*go_on)(struct call *c, const json_t *connection);
};

static void on_connection(void *arg, int rc, const char *const *rows, int count, const struct err *e)
{
    struct checking *k = arg;
    struct err missing;

    if (rc != 0) {
        answer_err(k->call, e);
    } else if (count == 0) {
        (void)err_set(&missing, ERR_NOT_FOUND, "there is no such connection");
        answer_err(k->call, &missing);
    } else {
        json_t *connection = json_text_read(rows[0], strlen(rows[0]), 0, NULL);
        k->go_on(k->call, connection);
        json_decref(connection);
    }
    free(k);
}

void connection_check(struct call *c, const char *id, void (*go_on)(struct call *c, const json_t *connection))
{
    struct checking *k = mem_new(1, sizeof *k);
    *k = (struct checking){c, go_on};
    listing_read(c->db, LIST_CONNECTION, id, on_connection, k);
}
