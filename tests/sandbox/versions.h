#pragma once
#include <stdbool.h>
/* Which versions of the Marketing API are alive (S1, S2), as tests order it: from `oldest` to v26.0, or only `oldest`
 * when that is later. */
struct request;
struct versions {
    int oldest;  /* 25: v25.0 */
    bool strict; /* dead ones are refused (2635), else served by the oldest that is alive, with a warning */
};
enum { VERSION_OLDEST = 25, VERSION_NEWEST = 26 };
/* Sets r->version to the one that serves; false when the answer is an error now. ads: the call is one of the Marketing
 * API; others go on with versions that are dead for it. */
bool versions_check(struct request *r, bool ads);
