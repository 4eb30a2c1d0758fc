#include "tests/sandbox/versions.h"
#include "common/base/str.h"
#include "tests/sandbox/request.h"

#define GRAPH_OLDEST 21 /* of calls that are not about ads */

/* v24.0: 24; 0 for none that ever was. */
static int number_of(const char *version, int newest)
{
    char digits[8];
    int64_t major;
    char *point;

    if (!str_copy(digits, sizeof digits, version + 1) || (point = strchr(digits, '.')) == NULL ||
        strcmp(point, ".0") != 0)
        return 0;
    *point = 0;
    return str_to_i64(digits, 1, newest, &major) ? (int)major : 0;
}

static const char *text_of(struct request *r, int number)
{
    return arena_printf(&r->arena, "v%d.0", number);
}

bool versions_check(struct request *r, bool ads)
{
    const struct versions *v = &r->sandbox->versions;
    const char *asked = r->version;
    int newest = v->oldest > VERSION_NEWEST ? v->oldest : VERSION_NEWEST,
        number = asked != NULL ? number_of(asked, newest) : v->oldest; /* no version means the oldest */
    r->version = text_of(r, number == 0 ? newest : number);
    if (number == 0) {
        request_error(r, 400, 2500, 0, "Unknown path components: /%s", asked);
        return false;
    }
    if (number >= v->oldest || (!ads && number >= GRAPH_OLDEST))
        return true;
    r->version = text_of(r, v->strict ? newest : v->oldest);
    if (v->strict) {
        r->sandbox->faults.struck++;
        request_error(r, 400, 2635, 0,
                      "(#2635) You are calling a deprecated version of the Ads API. Please update to the latest "
                      "version: %s.",
                      r->version);
        return false;
    }
    request_header(
        r, "X-Ad-Api-Version-Warning",
        arena_printf(&r->arena, "The call has been auto-upgraded to %s as %s has been deprecated.", r->version, asked));
    return true;
}
