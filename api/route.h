#pragma once
#include "api/caller.h"
#include <stdbool.h>
#include <stddef.h>
/* The routes, one table: what is served, who may ask, what goes in and out. Router, checks and /openapi.json come from
 * it. */
struct call;

enum scope {
    SCOPE_OPEN,     /* anybody, no token */
    SCOPE_READ,     /* whoever may enter the workspace of the path or of ?workspace_id= */
    SCOPE_CHANGE,   /* the same, with a role other than viewer */
    SCOPE_SERVICE,  /* role service */
    SCOPE_OPERATOR, /* role operator, with workspaces "*" */
};

enum param_kind { PARAM_TEXT, PARAM_UUID, PARAM_DATE, PARAM_INT, PARAM_WORD };
/* One query parameter. */
struct param {
    const char *name, *about;
    enum param_kind kind;
    bool required;
    int64_t min, max;  /* of PARAM_INT; of PARAM_TEXT the length */
    const char *words; /* of PARAM_WORD, comma separated */
};

struct route {
    const char *method, *path;      /* with {ws} and {id} */
    void (*handle)(struct call *c); /* answers exactly once, now or later */
    const char *summary;
    const char *body;                  /* schema of the request's body; NULL: it has none */
    const char *answer;                /* schema of the answer; NULL: it is no JSON, or has no body */
    const char *media;                 /* what it is when it has a body without a schema */
    const char *header, *header_about; /* of the request, optional; NULL: none that matters */
    const char *also_answer;           /* the same of `also` */
    const struct param *params;        /* ended by one without a name; NULL: none */
    enum scope scope;
    int status; /* of a good answer */
    int also;   /* another status that is no problem, or not only one; 0: none */
    bool body_optional;
    bool body_unread; /* the handler reads and checks it, all but its depth and size */
    bool pages;       /* browsers get pages, where others get JSON */
    bool any_params;  /* others than those of params are let through, unread */
};
/* All of them; *count. */
const struct route *routes_all(size_t *count);
