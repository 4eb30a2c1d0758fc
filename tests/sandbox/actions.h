#pragma once
#include "common/base/buf.h"
#include "tests/sandbox/facts.h"
/* A row's numbers as Meta's overlapping list of action types: one purchase shows up under up to eight names. */
struct action {
    const char *type;
    int64_t hundredths; /* the count */
    int64_t money;      /* minor units; -1: no value belongs to it */
    bool off_meta;      /* pixel, app and offline events: dated by conversion, views can be credited */
};
#define ACTIONS_MAX 48
int actions_list(const struct fact *f, struct action out[ACTIONS_MAX]);

/* Attribution windows that a request can name: each adds a key to every action object. */
enum {
    WINDOW_1D_CLICK = 1,
    WINDOW_7D_CLICK = 2,
    WINDOW_28D_CLICK = 4,
    WINDOW_1D_VIEW = 8,
    WINDOW_1D_EV = 16,
    WINDOW_DEFAULT = 32
};
#define ACTIONS_MONEY true
#define ACTIONS_COUNT false
/* "[{"action_type":…,"value":…},…]"; appends nothing and returns false when the list would be empty. */
bool actions_write(struct buf *b, const struct action *list, int count, bool money, int minor_digits, unsigned windows);
