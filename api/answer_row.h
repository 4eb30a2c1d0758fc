#pragma once
#include "api/call.h"
#include "common/store/listing.h"
/* Answers with the one row that a listing has for this id (seen through `db`), or 404 naming `what`. */
void answer_row(struct call *c, struct db_pool *db, int status, enum listing listing, const char *id, const char *what);
