#include "common/provider/meta/meta_actions.h"
#include "tests/unit/common/provider/meta/answers.h"
#include <stdlib.h>

/* Random purchases in four channels, reported under every name that Meta has for them, in random order and with random
 * names left out: they are counted once. */
enum { ROUNDS = 20000, NAMES_MAX = 32, CHANNELS = 4 };

static const char *const channel_names[CHANNELS] = {"offsite_conversion.fb_pixel_purchase",
                                                    "onsite_conversion.purchase", "app_custom_event.fb_mobile_purchase",
                                                    "offline_conversion.purchase"};
static const char *const never[] = {"onsite_web_purchase",
                                    "onsite_web_app_purchase",
                                    "onsite_app_purchase",
                                    "web_in_store_purchase",
                                    "web_app_in_store_purchase",
                                    "offsite_conversion.custom.4711",
                                    "offsite_conversion.fb_pixel_custom",
                                    "omni_add_to_cart",
                                    "omni_initiated_checkout",
                                    "purchase_roas",
                                    "omni_purchase_x",
                                    "purchase.",
                                    "Purchase"};

static unsigned seed = 20261123;

static int dice(int sides)
{
    return rand_r(&seed) % sides;
}

struct report {
    const char *names[NAMES_MAX];
    int64_t amounts[NAMES_MAX]; /* counts, or cents */
    int count;
};

static void add(struct report *r, const char *name, int64_t amount)
{
    r->names[r->count] = name;
    r->amounts[r->count++] = amount;
}

static void shuffle(struct report *r)
{
    for (int i = r->count - 1; i > 0; i--) {
        int k = dice(i + 1);
        const char *name = r->names[i];
        int64_t amount = r->amounts[i];
        r->names[i] = r->names[k];
        r->amounts[i] = r->amounts[k];
        r->names[k] = name;
        r->amounts[k] = amount;
    }
}

static json_t *list_of(const struct report *r, int64_t unit)
{
    json_t *list = json_array();
    for (int i = 0; i < r->count; i++) {
        char text[64];
        if (unit == 1)
            (void)snprintf(text, sizeof text, "%lld", (long long)r->amounts[i]);
        else
            (void)snprintf(text, sizeof text, "%lld.%02lld", (long long)(r->amounts[i] / unit),
                           (long long)(r->amounts[i] % unit));
        assert_int_equal(
            json_array_append_new(list, json_pack("{s:s, s:s}", "action_type", r->names[i], "value", text)), 0);
    }
    return list;
}

static struct meta_measures measure(const struct report *counts, const struct report *values)
{
    struct meta_measures out;
    struct buf a, b;
    json_t *actions = list_of(counts, 1), *action_values = list_of(values, 100);
    buf_init(&a, 1 << 20);
    buf_init(&b, 1 << 20);
    assert_int_equal(meta_actions_read(actions, action_values, &out, &a, &b, NULL), 0);
    buf_free(&a);
    buf_free(&b);
    json_decref(actions);
    json_decref(action_values);
    return out;
}

static void assert_amount(const struct decimal *d, int64_t units, int scale)
{
    assert_int_equal(decimal_cmp(d, &(struct decimal){.units = units, .scale = scale}), 0);
}

/* What was sold in all channels, and in how many words it is told. */
struct sales {
    int64_t purchases, cents;
    bool omni, all; /* told under a name for all channels too */
};

static void sell(struct sales *sold, struct report *counts, struct report *values)
{
    *sold = (struct sales){.omni = dice(2) == 0, .all = dice(2) == 0};
    for (int i = 0; i < CHANNELS; i++) {
        const int64_t count = dice(3) == 0 ? 0 : dice(50), paid = count * (dice(20000) + 1);
        sold->purchases += count;
        sold->cents += paid;
        /* What is zero is left out, and a name for all channels may stand alone. */
        if (count == 0 || ((sold->omni || sold->all) && dice(4) == 0))
            continue;
        add(counts, channel_names[i], count);
        add(values, channel_names[i], paid);
    }
}

static void tell_of_all_channels(const struct sales *sold, struct report *counts, struct report *values)
{
    if (sold->purchases > 0 && sold->omni) {
        add(counts, "omni_purchase", sold->purchases);
        add(values, "omni_purchase", sold->cents);
    }
    if (sold->purchases > 0 && sold->all) { /* beside omni_purchase it may lack those in stores, and does not count */
        add(counts, "purchase", sold->purchases - (sold->omni && sold->purchases > 1));
        add(values, "purchase", sold->cents - (sold->omni && sold->cents > 1));
    }
}

static void tell_what_never_counts(struct report *counts, struct report *values)
{
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++) {
        if (dice(2) == 0)
            add(counts, never[i], dice(100));
        if (dice(2) == 0)
            add(values, never[i], dice(100000));
    }
}

static void every_purchase_counts_once(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct report counts = {0}, values = {0};
        struct sales sold;
        sell(&sold, &counts, &values);
        tell_of_all_channels(&sold, &counts, &values);
        tell_what_never_counts(&counts, &values);
        shuffle(&counts);
        shuffle(&values);
        const struct meta_measures m = measure(&counts, &values);
        assert_amount(&m.purchases, sold.purchases, 0);
        assert_amount(&m.revenue, sold.cents, 2);
        assert_amount(&m.conversions, sold.purchases, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_purchase_counts_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
