#include "common/store/access.h"
#include "common/store/hold.h"
#include "tests/integration/store_driver/driver.h"
#include <string.h>

static void on_claim(void *arg, int rc, const struct access_claim *claim, const struct err *e)
{
    if (rc == 0) {
        set_text(arg, "id", claim == NULL ? NULL : claim->id);
        set_text(arg, "token_enc", claim == NULL ? NULL : claim->token_enc);
    }
    reply_end(arg, rc, e);
}

static void on_released(void *arg, int rc, bool released, const struct err *e)
{
    set_flag(arg, "released", released);
    reply_end(arg, rc, e);
}

bool access_command(struct driver *d, const char *name, const json_t *o)
{
    const char *id = text_of(o, "connection");
    if (strcmp(name, "access_claim") == 0)
        access_claim(d->db, on_claim, d);
    else if (strcmp(name, "access_back") == 0)
        access_back(d->db, id, on_plain, d);
    else if (strcmp(name, "access_refused") == 0)
        access_refused(d->db, id, text_of(o, "status"), text_of(o, "why"), text_of(o, "status"), on_plain, d);
    else if (strcmp(name, "access_unsaid") == 0)
        access_unsaid(d->db, id, on_plain, d);
    else if (strcmp(name, "hold") == 0)
        hold_set(d->db, id, text_of(o, "why"), on_plain, d);
    else if (strcmp(name, "release") == 0)
        hold_release(d->db, id, on_released, d);
    else
        return false;
    wait_done(d);
    return true;
}
