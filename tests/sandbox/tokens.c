#include "tests/sandbox/tokens.h"
#include "common/base/check.h"
#include "common/base/str.h"

static const struct {
    const char *name;
    int subcode;
    const char *message;
} states[TOKEN_STATE_COUNT] = {
#define X(id, name, subcode, message) {name, subcode, message},
    TOKEN_STATES(X)
#undef X
};

bool token_state_find(const char *name, enum token_state *out)
{
    for (int i = 0; i < TOKEN_STATE_COUNT; i++)
        if (strcmp(name, states[i].name) == 0) {
            *out = (enum token_state)i;
            return true;
        }
    return false;
}

int token_state_subcode(enum token_state s)
{
    return states[s].subcode;
}

const char *token_state_message(enum token_state s)
{
    return states[s].message;
}

void tokens_free(struct tokens *t)
{
    free(t->list);
    *t = (struct tokens){0};
}

struct token *tokens_find(const struct tokens *t, const char *text)
{
    for (int i = 0; i < t->count; i++)
        if (strcmp(t->list[i].text, text) == 0)
            return &t->list[i];
    return NULL;
}

struct token *tokens_put(struct tokens *t, const char *text)
{
    struct token *known = tokens_find(t, text);
    if (known != NULL)
        return known;
    if (t->count == t->room) {
        t->room = t->room == 0 ? 8 : t->room * 2;
        t->list = realloc(t->list, (size_t)t->room * sizeof *t->list);
        CHECK(t->list != NULL);
    }
    struct token *fresh = &t->list[t->count++];
    *fresh = (struct token){.can_read_ads = true};
    (void)str_copy(fresh->text, sizeof fresh->text, text);
    return fresh;
}

enum token_state token_state_at(const struct token *t, int64_t now_ms)
{
    return t->state == TOKEN_OK && t->expires_ms != 0 && now_ms >= t->expires_ms ? TOKEN_EXPIRED : t->state;
}

bool token_sees(const struct token *t, int account_number)
{
    for (int i = 0; i < t->account_count; i++)
        if (t->accounts[i] == account_number)
            return true;
    return t->account_count == 0 && !t->app;
}
