#include "common/base/http.h"
#include <strings.h>

void http_request_clear(struct http_request *r)
{
    free(r->url);
    if (r->body != NULL)
        explicit_bzero(r->body, strlen(r->body)); /* may hold a secret */
    free(r->body);
    *r = (struct http_request){0};
}

void http_answer_clear(struct http_answer *a)
{
    buf_free(&a->body);
    buf_free(&a->headers);
    a->status = 0;
    a->duration_ms = 0;
}

static const char *trim(const char *from, const char *end, size_t *len)
{
    while (from < end && (*from == ' ' || *from == '\t'))
        from++;
    while (end > from && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
        end--;
    *len = (size_t)(end - from);
    return from;
}

const char *http_answer_header(const struct http_answer *a, const char *name, char *out, size_t size)
{
    const size_t name_len = strlen(name);

    for (const char *line = buf_str(&a->headers); *line != '\0';) {
        const char *end = strchrnul(line, '\n');

        if (strncasecmp(line, name, name_len) == 0 && line[name_len] == ':') {
            size_t len;
            const char *value = trim(line + name_len + 1, end, &len);

            if (len >= size)
                return NULL;
            memcpy(out, value, len);
            out[len] = '\0';
            return out;
        }
        line = *end == '\0' ? end : end + 1;
    }
    return NULL;
}
