#include "worker/fate.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SECOND_MS INT64_C(1000)
#define CAP_MS INT64_C(300000)

static void refusals_end_the_chunk_and_name_the_connections_state(void **state)
{
    (void)state;
    struct fate f = fate_of(ERR_NEEDS_REAUTH, 0);
    assert_int_equal(f.chunk, CHUNK_DEAD);
    assert_string_equal(f.connection_status, "needs_reauth");
    f = fate_of(ERR_NO_ACCESS, 0);
    assert_int_equal(f.chunk, CHUNK_DEAD);
    assert_string_equal(f.connection_status, "no_access");
    f = fate_of(ERR_BAD_REQUEST, 0);
    assert_int_equal(f.chunk, CHUNK_DEAD);
    assert_null(f.connection_status);
}

static void waiting_costs_no_attempt(void **state)
{
    static const int at_once[] = {ERR_THROTTLED, ERR_CANCELED}, parked[] = {ERR_CRYPTO, ERR_SETTING};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fate f = fate_of(at_once[i], 7);
        assert_int_equal(f.chunk, CHUNK_YIELD);
        assert_int_equal(f.delay_ms, 0);
        assert_null(f.connection_status);
        f = fate_of(parked[i], 7);
        assert_int_equal(f.chunk, CHUNK_YIELD);
        assert_int_equal(f.delay_ms, 60000);
        assert_null(f.connection_status);
    }
}

static void a_lost_place_starts_the_slice_again(void **state)
{
    (void)state;
    struct fate f = fate_of(ERR_GONE, 0);
    assert_int_equal(f.chunk, CHUNK_RESTART);
    assert_true(f.delay_ms > 0);
    assert_null(f.connection_status);
}

static void all_else_is_tried_again_later_and_later(void **state)
{
    static const int failures[] = {ERR_TRANSIENT,     ERR_NETWORK, ERR_TIMEOUT, ERR_ANSWER,
                                   ERR_TOO_MUCH_DATA, ERR_LIMIT,   ERR_DB,      ERR_DB_AWAY,
                                   ERR_REDIS,         ERR_BUG,     -12345};
    (void)state;
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        int64_t longest = SECOND_MS;
        for (int attempts = 0; attempts < 40; attempts++) {
            struct fate f = fate_of(failures[i], attempts);
            assert_int_equal(f.chunk, CHUNK_RETRY);
            assert_null(f.connection_status);
            assert_in_range(f.delay_ms, longest / 2, longest);
            longest = longest * 2 < CAP_MS ? longest * 2 : CAP_MS;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals_end_the_chunk_and_name_the_connections_state),
        cmocka_unit_test(waiting_costs_no_attempt),
        cmocka_unit_test(a_lost_place_starts_the_slice_again),
        cmocka_unit_test(all_else_is_tried_again_later_and_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
