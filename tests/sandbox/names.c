#include "tests/sandbox/names.h"
#include "tests/sandbox/dice.h"

#define PICK(list, roll) ((list)[dice_between((roll), 0, (int64_t)(sizeof(list) / sizeof *(list)) - 1)])

static const char *const market[] = {"DE", "DACH", "UK", "US", "FR", "Nordics", "EMEA", "ANZ", "LATAM", "Benelux"};
static const char *const stage[] = {"Prospecting", "Retargeting", "Loyalty",   "Brand",
                                    "Always-on",   "Test",        "Advantage+"};
static const char *const season[] = {"Spring Sale", "Summer Drop", "Back to School", "Black Friday",
                                     "Xmas Gifts",  "Evergreen",   "New Arrivals",   "Winter Clearance"};
static const char *const audience[] = {
    "LAL 1% Purchasers", "LAL 3-5% ATC",    "Broad 18-65+",         "Interest: Running",
    "Cart 14d",          "Visitors 30d",    "Engagers IG 90d",      "Interest: Home & Décor",
    "CRM Upload Q3",     "Newsletter List", "Video Viewers 75% 60d"};
static const char *const placement[] = {"Auto placements", "Feed only", "Reels + Stories", "IG only", "Mobile"};
static const char *const format[] = {"Video", "Carousel", "Static", "UGC Reel", "Collection", "Story 9x16"};
static const char *const hook[] = {"Unboxing",    "Founder story", "-20 % Code",    "Free shipping", "Before/After",
                                   "Testimonial", "Größe passt!",  "New colourway", "Last chance",   "Bestseller"};
static const char *const shop[] = {"Nordlicht Outdoor", "Maison Verte",   "Alpine Coffee Co.", "Blue Harbour Swim",
                                   "Petal & Pine",      "Kite Works",     "Studio Ōkami",      "Fjord Bikes",
                                   "Olive & Thyme",     "Sunday Ceramics"};

static const char *const hostile[] = {
    "O'Brien \"Spring\" sale \\ back\\slash",
    "tab\there, line\nbreak, carriage\r\nreturn",
    "'; DROP TABLE entities; --",
    "$$ $1 %s %n {0} ${HOME} `id` \\copy \\. \\N",
    "\xf0\x9f\x94\xa5\xf0\x9f\x9b\x92 mega sale "
    "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7",
    "\xd7\x9e\xd7\x91\xd7\xa6\xd7\xa2 \xd7\x97\xd7\x95\xd7\xa8\xd7\xa3 "
    "\xd8\xaa\xd8\xae\xd9\x81\xd9\x8a\xd8\xb6\xd8\xa7\xd8\xaa",
    "<script>alert(1)</script>&amp;<b>",
    "  leading and trailing spaces  ",
    "\xe2\x80\xae"
    "reversed\xe2\x80\xac zero\xe2\x80\x8bwidth \xcc\x81 combining",
    "{\"json\":[1,2,{\"a\":null}]}",
    "comma,semicolon;pipe|\x01\x1f control",
};

static void write_hostile(struct buf *out, uint64_t key, int index)
{
    if (index % 4 == 3) { /* 400 characters of several bytes each */
        static const char *const letter[] = {"ä", "ß", "\xe6\x97\xa5", "\xf0\x9f\x98\x80", "x"};
        for (uint64_t i = 0; i < 400; i++)
            buf_add_str(out, PICK(letter, dice_roll(key, 900 + i)));
        return;
    }
    buf_add_str(out, hostile[(size_t)index / 3 % (sizeof hostile / sizeof *hostile)]);
}

void names_write(struct buf *out, enum level level, uint64_t key, int index, const struct objective *objective,
                 bool wild)
{
    uint64_t a = dice_roll(key, 11), b = dice_roll(key, 12), c = dice_roll(key, 13);
    if (wild && index % 3 == 0) {
        write_hostile(out, key, index);
        return;
    }
    switch (level) {
    case LEVEL_CAMPAIGN:
        buf_addf(out, "%s | %s | %s | %s", PICK(market, a), PICK(stage, b), objective->goal, PICK(season, c));
        return;
    case LEVEL_ADSET:
        buf_addf(out, "%s – %s – %02d", PICK(audience, a), PICK(placement, b), index + 1);
        return;
    case LEVEL_AD:
        buf_addf(out, "%s %c – %s – v%d", PICK(format, a), (int)('A' + index % 26), PICK(hook, b),
                 (int)dice_between(c, 1, 5));
        return;
    case LEVEL_ACCOUNT:
    case LEVEL_COUNT:
        return;
    }
}

void names_account(char *out, size_t size, uint64_t key)
{
    (void)snprintf(out, size, "%s %s", PICK(shop, dice_roll(key, 11)), PICK(market, dice_roll(key, 12)));
}
