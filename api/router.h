#pragma once
#include "api/route.h"
#include "common/base/buf.h"
#include "common/base/id.h"
/* Pure: which route a method and a path mean. */
struct match {
    const struct route *route;         /* NULL: none */
    char ws[UUID_TEXT], id[UUID_TEXT]; /* lower case; "" where the path has none */
    bool other_method;                 /* the path exists with other methods */
};
/* HEAD is served as GET. An id that is no UUID is no match. */
struct match route_match(const struct route *routes, size_t count, const char *method, const char *path);
/* "GET, POST": what the path has, for Allow. */
void route_allow(const struct route *routes, size_t count, const char *path, struct buf *out);
