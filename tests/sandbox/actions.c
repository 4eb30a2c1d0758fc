#include "tests/sandbox/actions.h"
#include "common/base/check.h"
#include "tests/sandbox/text.h"

struct list {
    struct action *out;
    int count;
};

static void put(struct list *l, const char *type, int64_t hundredths, int64_t money, bool off_meta)
{
    if (hundredths <= 0)
        return;
    CHECK(l->count < ACTIONS_MAX);
    l->out[l->count++] = (struct action){type, hundredths, money, off_meta};
}

static void engagement(struct list *l, const struct fact *f)
{
    int64_t post = f->link_clicks + f->reactions + f->comments + f->video_views;
    put(l, "link_click", f->link_clicks * 100, -1, false);
    put(l, "post_reaction", f->reactions * 100, -1, false);
    put(l, "comment", f->comments * 100, -1, false);
    put(l, "video_view", f->video_views * 100, -1, false);
    put(l, "post_engagement", post * 100, -1, false);
    put(l, "page_engagement", (post + f->reactions / 5) * 100, -1, false);
    put(l, "landing_page_view", f->visitors * 100, -1, true);
    if (f->overlap != OVERLAP_NO_OMNI)
        put(l, "omni_landing_page_view", f->visitors * 100, -1, true);
}

static void purchases(struct list *l, const struct fact *f)
{
    int64_t all = f->purchases, money = f->revenue;
    switch (f->overlap) {
    case OVERLAP_FULL:
        put(l, "omni_purchase", all, money, true);
        put(l, "purchase", all, money, true);
        put(l, "offsite_conversion.fb_pixel_purchase", all, money, true);
        put(l, "onsite_web_purchase", all, money, true);
        put(l, "onsite_web_app_purchase", all, money, true);
        put(l, "web_in_store_purchase", all, money, true);
        put(l, "web_app_in_store_purchase", all, money / 10000 + 157, true); /* the odd value that Meta really sends */
        put(l, "offsite_conversion.custom.600123456789", all, money, true);
        break;
    case OVERLAP_PARTIAL: {
        int64_t store = all / 300 * 100, store_money = all > 0 ? money * store / all : 0;
        put(l, "omni_purchase", all, money, true);
        put(l, "purchase", all - store, money - store_money, true);
        put(l, "offsite_conversion.fb_pixel_purchase", all - store, money - store_money, true);
        put(l, "offline_conversion.purchase", store, store_money, true);
        put(l, "web_in_store_purchase", all, money, true);
        break;
    }
    case OVERLAP_NO_OMNI:
        put(l, "purchase", all, money, true);
        put(l, "offsite_conversion.fb_pixel_purchase", all, money, true);
        put(l, "onsite_web_purchase", all, money, true);
        break;
    case OVERLAP_CHANNELS: {
        int64_t shop = all / 400 * 100, app = all / 500 * 100, rest = all - shop - app;
        int64_t shop_money = all > 0 ? money * shop / all : 0, app_money = all > 0 ? money * app / all : 0;
        put(l, "offsite_conversion.fb_pixel_purchase", rest, money - shop_money - app_money, true);
        put(l, "onsite_conversion.purchase", shop, shop_money, false);
        put(l, "app_custom_event.fb_mobile_purchase", app, app_money, true);
        break;
    }
    }
    put(l, "omni_add_to_cart", f->overlap != OVERLAP_NO_OMNI ? f->carts * 100 : 0, -1, true);
    put(l, "add_to_cart", f->carts * 100, -1, true);
    put(l, "offsite_conversion.fb_pixel_add_to_cart", f->carts * 100, -1, true);
    put(l, "omni_initiated_checkout", f->overlap != OVERLAP_NO_OMNI ? f->checkouts * 100 : 0, -1, true);
    put(l, "initiate_checkout", f->checkouts * 100, -1, true);
}

static void others(struct list *l, const struct fact *f)
{
    bool channels = f->overlap == OVERLAP_CHANNELS, omni = f->overlap != OVERLAP_NO_OMNI;
    int64_t form = f->leads / 300 * 100;
    put(l, "lead", channels ? 0 : f->leads, -1, true);
    put(l, "offsite_conversion.fb_pixel_lead", f->leads - form, -1, true);
    put(l, "onsite_conversion.lead_grouped", form, -1, false);
    put(l, "omni_app_install", omni && !channels ? f->installs : 0, -1, true);
    put(l, "mobile_app_install", channels ? 0 : f->installs, -1, true);
    put(l, "app_install", f->installs, -1, true);
    put(l, "omni_complete_registration", omni && !channels ? f->registrations : 0, -1, true);
    put(l, "complete_registration", channels ? 0 : f->registrations, -1, true);
    put(l, "offsite_conversion.fb_pixel_complete_registration", f->registrations, -1, true);
}

int actions_list(const struct fact *f, struct action out[ACTIONS_MAX])
{
    struct list l = {out, 0};
    engagement(&l, f);
    purchases(&l, f);
    others(&l, f);
    return l.count;
}

/* One window's share of a value: windows overlap, so they do not add up. 7d_view and 28d_view are dead and never sent.
 */
static const struct {
    unsigned window;
    const char *key;
    int on_meta, off_meta; /* percent */
} windows_table[] = {
    {WINDOW_1D_CLICK, "1d_click", 100, 60},
    {WINDOW_7D_CLICK, "7d_click", 100, 90},
    {WINDOW_28D_CLICK, "28d_click", 100, 95},
    {WINDOW_1D_VIEW, "1d_view", 0, 10},
    {WINDOW_1D_EV, "1d_ev", 0, 3},
    {WINDOW_DEFAULT, "default", 100, 100},
};

static void write_windows(struct buf *b, const struct action *a, bool money, int digits, unsigned windows)
{
    for (size_t i = 0; i < sizeof windows_table / sizeof *windows_table; i++) {
        int percent = a->off_meta ? windows_table[i].off_meta : windows_table[i].on_meta;
        int64_t value = money ? a->money * percent / 100 : a->hundredths / 100 * percent / 100;
        if (percent == 100 && !money)
            value = a->hundredths;
        else if (!money)
            value *= 100;
        if ((windows & windows_table[i].window) == 0 || value == 0)
            continue;
        TEXT_LITERAL(b, ",\"");
        buf_add_str(b, windows_table[i].key);
        TEXT_LITERAL(b, "\":\"");
        text_fixed(b, value, digits);
        buf_add_char(b, '"');
    }
}

bool actions_write(struct buf *b, const struct action *list, int count, bool money, int minor_digits, unsigned windows)
{
    bool open = false;
    for (int i = 0; i < count; i++) {
        const struct action *a = &list[i];
        if (money && a->money <= 0)
            continue;
        buf_add_char(b, open ? ',' : '[');
        open = true;
        int digits = money ? minor_digits : 2;
        TEXT_LITERAL(b, "{\"action_type\":\"");
        buf_add_str(b, a->type);
        TEXT_LITERAL(b, "\",\"value\":\"");
        text_fixed(b, money ? a->money : a->hundredths, digits);
        buf_add_char(b, '"');
        if (windows != 0)
            write_windows(b, a, money, digits, windows);
        buf_add_char(b, '}');
    }
    if (open)
        buf_add_char(b, ']');
    return open;
}
