#include "common/base/check.h"
#include "common/io/redis.h"
#include <hiredis/hiredis.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const struct redis_reply *r)
{
    const enum redis_type type = redis_type(r);
    const int count = redis_count(r);

    CHECK(strlen(redis_str(r)) <= redis_str_len(r));
    CHECK(type == REDIS_STR || redis_str_len(r) == 0);
    CHECK(type == REDIS_ARRAY || count == 0);
    (void)redis_int(r);
    (void)redis_field(r, "state");
    for (int i = 0; i < count; i++)
        walk(redis_at(r, i));
    CHECK(redis_type(redis_at(r, count)) == REDIS_NIL && redis_type(redis_at(r, -1)) == REDIS_NIL);
}

/* hiredis allocates an array as long as the server says, whatever comes after; our server does not lie, the input may.
 */
static bool says_huge(const uint8_t *data, size_t size)
{
    size_t digits = 0;

    for (size_t i = 0; i < size; i++) {
        digits = data[i] >= '0' && data[i] <= '9' ? digits + 1 : 0;
        if (digits > 6)
            return true;
    }
    return false;
}

/* The input is what a server sends: every answer in it can be read in every way. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    redisReader *reader = redisReaderCreate();
    void *reply = NULL;

    CHECK(reader != NULL);
    if (says_huge(data, size))
        size = 0;
    (void)redisReaderFeed(reader, (const char *)data, size);
    while (redisReaderGetReply(reader, &reply) == REDIS_OK && reply != NULL) {
        walk(reply);
        freeReplyObject(reply);
    }
    redisReaderFree(reader);
    return 0;
}
