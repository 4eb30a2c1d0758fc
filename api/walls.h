#pragma once
#include "common/io/db.h"
#include "common/io/loop.h"
/* The role that the API acts as, and the walls that the database keeps around each workspace for it. */
#define WALLED_ROLE "metricx_api"
/* Waits with the loop running. ERR_SETTING when the role may not be taken, owns tables, is superuser or bypasses
 * policies, or when a table lacks its policies: it says which, and what would be right. */
int walls_check(struct loop *l, struct db_pool *login, struct err *e) MUST_CHECK;
/* A way into `walled` for one workspace; db_view_free() when its operations have ended. reads: it does not wait long
 * for a table that somebody has locked, as an operator may: ERR_TIMEOUT. */
struct db_pool *workspace_view(struct db_pool *walled, const char *workspace, bool reads);
