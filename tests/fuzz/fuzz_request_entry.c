#include "common/base/check.h"
#include "common/base/str.h"
#include "scheduler/request_entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input is one entry of the requests list: what is accepted is whole, what is not says why. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct request_entry entry;
    struct err e = {0};
    int rc = request_entry_parse((const char *)data, size, &entry, &e);
    const struct run_request *r = &entry.request;

    CHECK(rc == 0 || (rc == ERR_INPUT && e.rc == rc && e.text[0] != '\0'));
    CHECK(str_is_utf8(e.text, strlen(e.text)));
    CHECK(entry.id[0] == '\0' || uuid_valid(entry.id));
    if (rc != 0)
        return 0;
    CHECK(uuid_valid(r->connection_id));
    CHECK(r->id == NULL || uuid_valid(r->id));
    CHECK((r->from == DATE_NONE) == (r->to == DATE_NONE));
    CHECK(r->kind[0] != '\0' && r->granularity[0] != '\0');
    return 0;
}
