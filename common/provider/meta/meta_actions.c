#include "common/provider/meta/meta_actions.h"
#include "common/provider/meta/meta_json.h"

/* The types that a column depends on. */
#define TYPES(X)                                                                                                       \
    X(LINK_CLICK, "link_click")                                                                                        \
    X(PURCHASE_OMNI, "omni_purchase")                                                                                  \
    X(PURCHASE_ALL, "purchase")                                                                                        \
    X(PURCHASE_PIXEL, "offsite_conversion.fb_pixel_purchase")                                                          \
    X(PURCHASE_ONSITE, "onsite_conversion.purchase")                                                                   \
    X(PURCHASE_APP, "app_custom_event.fb_mobile_purchase")                                                             \
    X(PURCHASE_OFFLINE, "offline_conversion.purchase")                                                                 \
    X(LEAD_ALL, "lead")                                                                                                \
    X(LEAD_PIXEL, "offsite_conversion.fb_pixel_lead")                                                                  \
    X(LEAD_ONSITE, "onsite_conversion.lead_grouped")                                                                   \
    X(INSTALL_OMNI, "omni_app_install")                                                                                \
    X(INSTALL_MOBILE, "mobile_app_install")                                                                            \
    X(INSTALL_ANY, "app_install")                                                                                      \
    X(REGISTRATION_OMNI, "omni_complete_registration")                                                                 \
    X(REGISTRATION_ALL, "complete_registration")                                                                       \
    X(REGISTRATION_PIXEL, "offsite_conversion.fb_pixel_complete_registration")                                         \
    X(VISIT_OMNI, "omni_landing_page_view")                                                                            \
    X(VISIT_ALL, "landing_page_view")

enum type {
#define X(id, name) id,
    TYPES(X)
#undef X
        TYPE_COUNT
};

static const struct {
    const char *name;
    size_t len;
} types[TYPE_COUNT] = {
#define X(id, name) {(name), sizeof(name) - 1},
    TYPES(X)
#undef X
};

struct amounts {
    bool has[TYPE_COUNT];
    struct decimal of[TYPE_COUNT];
};

static enum type type_of(const char *name, size_t len)
{
    int type = 0;

    while (type < TYPE_COUNT && (types[type].len != len || memcmp(types[type].name, name, len) != 0))
        type++;
    return (enum type)type;
}

static void add_pair(struct buf *out, const char *name, const char *number)
{
    buf_add_char(out, out->len == 0 ? '{' : ',');
    buf_add_json(out, name);
    buf_add_char(out, ':');
    buf_add_str(out, number);
}

static int read_action(const char *list, const json_t *action, struct amounts *amounts, struct buf *out, struct err *e)
{
    const json_t *name = json_object_get(action, "action_type");
    const json_t *value = json_object_get(action, "value");
    char scratch[META_NUMBER_TEXT], canonical[DECIMAL_TEXT];
    const char *text = json_string_value(name), *number;
    struct decimal amount;
    enum type type;

    if (text == NULL || strlen(text) != json_string_length(name))
        return err_set(e, ERR_ANSWER, "%s has an entry without action_type", list);
    if (value == NULL || json_is_null(value)) /* only windows that we did not ask for */
        return 0;
    number = meta_number(value, scratch);
    if (number == NULL || !decimal_parse(number, &amount))
        return err_set(e, ERR_ANSWER, "%s: %s is \"%s\", no decimal number", list, text,
                       number != NULL ? number : "(not a text)");
    type = type_of(text, json_string_length(name));
    if (type != TYPE_COUNT) {
        amounts->has[type] = true;
        amounts->of[type] = amount;
    }
    add_pair(out, text, meta_number_is_json(number) ? number : decimal_text(&amount, canonical));
    return 0;
}

static int read_list(const char *name, const json_t *list, struct amounts *amounts, struct buf *out, struct err *e)
{
    const json_t *action;
    size_t i;
    int rc = 0;

    *amounts = (struct amounts){0};
    if (list != NULL && !json_is_null(list) && !json_is_array(list))
        return err_set(e, ERR_ANSWER, "%s is no list", name);
    json_array_foreach(list, i, action)
    {
        rc = read_action(name, action, amounts, out, e);
        if (rc != 0)
            return rc;
    }
    buf_add_str(out, out->len == 0 ? "{}" : "}");
    return 0;
}

/* The amount of the first type that the row has; zero when it has none. `wanted` ends with TYPE_COUNT. */
static struct decimal first_of(const struct amounts *a, const enum type *wanted)
{
    while (*wanted != TYPE_COUNT && !a->has[*wanted])
        wanted++;
    return *wanted != TYPE_COUNT ? a->of[*wanted] : (struct decimal){0};
}

static bool sum_of(const struct amounts *a, const enum type *wanted, struct decimal *out)
{
    bool fits = true;

    *out = (struct decimal){0};
    for (; *wanted != TYPE_COUNT && fits; wanted++)
        fits = !a->has[*wanted] || decimal_add(out, &a->of[*wanted], out);
    return fits;
}

static bool has_any(const struct amounts *a, const enum type *wanted)
{
    while (*wanted != TYPE_COUNT && !a->has[*wanted])
        wanted++;
    return *wanted != TYPE_COUNT;
}

/* The counts decide which type it is; the values do where no purchase is counted. */
static bool choose_purchases(const struct amounts *counts, const struct amounts *values, struct meta_measures *out)
{
    static const enum type channels[] = {PURCHASE_PIXEL, PURCHASE_ONSITE, PURCHASE_APP, PURCHASE_OFFLINE, TYPE_COUNT};
    static const enum type all[] = {PURCHASE_OMNI, PURCHASE_ALL,     PURCHASE_PIXEL, PURCHASE_ONSITE,
                                    PURCHASE_APP,  PURCHASE_OFFLINE, TYPE_COUNT};
    const struct amounts *deciding = has_any(counts, all) ? counts : values;

    if (!deciding->has[PURCHASE_OMNI] && !deciding->has[PURCHASE_ALL])
        return sum_of(counts, channels, &out->purchases) && sum_of(values, channels, &out->revenue);

    const enum type chosen[] = {deciding->has[PURCHASE_OMNI] ? PURCHASE_OMNI : PURCHASE_ALL, TYPE_COUNT};

    out->purchases = first_of(counts, chosen);
    out->revenue = first_of(values, chosen);
    return true;
}

static bool choose(const struct amounts *counts, const struct amounts *values, struct meta_measures *out)
{
    static const enum type leads[] = {LEAD_PIXEL, LEAD_ONSITE, TYPE_COUNT};
    static const enum type installs[] = {INSTALL_OMNI, INSTALL_MOBILE, INSTALL_ANY, TYPE_COUNT};
    static const enum type registrations[] = {REGISTRATION_OMNI, REGISTRATION_ALL, REGISTRATION_PIXEL, TYPE_COUNT};
    static const enum type visits[] = {VISIT_OMNI, VISIT_ALL, TYPE_COUNT};

    out->link_clicks = counts->of[LINK_CLICK];
    out->installs = first_of(counts, installs);
    out->registrations = first_of(counts, registrations);
    out->visitors = first_of(counts, visits);
    out->leads = counts->of[LEAD_ALL];
    if (!counts->has[LEAD_ALL] && !sum_of(counts, leads, &out->leads))
        return false;
    return choose_purchases(counts, values, out) && decimal_add(&out->purchases, &out->leads, &out->conversions) &&
           decimal_add(&out->conversions, &out->installs, &out->conversions) &&
           decimal_add(&out->conversions, &out->registrations, &out->conversions);
}

int meta_actions_read(const json_t *actions, const json_t *action_values, struct meta_measures *out, struct buf *counts,
                      struct buf *values, struct err *e)
{
    struct amounts count, value;
    int rc = read_list("actions", actions, &count, counts, e);

    if (rc == 0)
        rc = read_list("action_values", action_values, &value, values, e);
    if (rc != 0)
        return rc;
    if (!choose(&count, &value, out))
        return err_set(e, ERR_ANSWER, "the counts of actions are too large to add");
    return 0;
}
