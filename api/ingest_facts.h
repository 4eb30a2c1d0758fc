#pragma once
#include "api/field_errors.h"
#include "common/base/err.h"
#include <stddef.h>
/* The facts of a request's body, read and checked one by one: no tree of all of them is ever made. */
struct schemas;
struct ingest;
struct json_t;
struct ingest_facts {
    const struct schemas *schemas; /* set by the caller; all else by ingest_facts_read */
    bool fits;                     /* the body is a list of at most as many values as its schema allows */
    struct err wrong;              /* why not: it is no JSON, or there is no memory for its tree; */
    struct field_errors unfit;     /* or this */
    size_t sent, refused_count;
    struct ingest *good;    /* the others */
    struct json_t *refused; /* {"index","field","message"}, before the database has seen them; may be several a fact */
};
/* On any thread. text is not kept. */
void ingest_facts_read(struct ingest_facts *q, const char *text, size_t len);
void ingest_facts_free(struct ingest_facts *q);
