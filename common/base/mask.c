#include "common/base/mask.h"
#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <strings.h>

/* What introduces a secret, and from which length on the word behind it is one. */
static const struct {
    const char *text;
    size_t least;
    enum { NAME, PREFIX, BEGINNING } kind; /* of a value; before the secret; of the secret itself */
} marks[] = {
    {"access_token", 4, NAME},  {"refresh_token", 4, NAME},  {"appsecret_proof", 4, NAME},
    {"client_secret", 4, NAME}, {"exchange_token", 4, NAME}, {"input_token", 4, NAME},
    {"Bearer ", 4, PREFIX},     {"EAA", 12, BEGINNING},      {"eyJ", 20, BEGINNING},
};

static bool is_secret_char(char c)
{
    return isalnum((unsigned char)c) || (c != '\0' && strchr("-._~+/|=%", c) != NULL);
}

static bool is_word_char(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Skips what stands between a name and its value: = or a colon with quotes, plain or percent-encoded; NULL when the
 * name is only talked about ("access_token: session expired"). */
static const char *skip_separator(const char *at)
{
    bool equals = false, colon = false, quoted = false;

    for (;; at++) {
        bool encoded = *at == '%' && at[1] != '\0' && at[2] != '\0';

        if (*at == '=' || (encoded && strncasecmp(at, "%3d", 3) == 0))
            equals = true;
        else if (*at == ':' || (encoded && strncasecmp(at, "%3a", 3) == 0))
            colon = true;
        else if (*at == '"' || *at == '\'' || (encoded && strncmp(at, "%22", 3) == 0))
            quoted = true;
        else if (*at != ' ' && *at != '\\')
            return equals || (colon && quoted) ? at : NULL;
        at += encoded ? 2 : 0;
    }
}

/* Where the secret begins if marks[i] stands at `at`; else NULL. */
static const char *after_mark(size_t i, const char *text, const char *at)
{
    const size_t len = strlen(marks[i].text);

    if (marks[i].kind == NAME)
        return strncasecmp(at, marks[i].text, len) == 0 ? skip_separator(at + len) : NULL;
    if (strncmp(at, marks[i].text, len) != 0 || (at > text && is_word_char(at[-1])))
        return NULL;
    return marks[i].kind == PREFIX ? at + len : at;
}

/* The secret that begins behind (or with) a mark at `at`; false when there is none. */
static bool find_marked(const char *text, const char *at, const char **from, const char **end)
{
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        *from = after_mark(i, text, at);
        if (*from == NULL)
            continue;
        for (*end = *from; is_secret_char(**end); (*end)++)
            ;
        if ((size_t)(*end - *from) >= marks[i].least)
            return true;
    }
    return false;
}

/* "://user:password@host" at the slashes. */
static bool find_password(const char *at, const char **from, const char **end)
{
    const char *stop;

    if (strncmp(at, "://", 3) != 0)
        return false;
    stop = at + 3 + strcspn(at + 3, "/?# \t\r\n\"'");
    *from = memchr(at + 3, ':', (size_t)(stop - at - 3));
    if (*from == NULL)
        return false;
    *from += 1;
    *end = memrchr(*from, '@', (size_t)(stop - *from));
    return *end != NULL && *end - *from >= 3;
}

void mask_secrets(char *text)
{
    char *to = text;
    const char *at = text, *from, *end;

    while (*at != '\0') {
        if (!find_marked(text, at, &from, &end) && !find_password(at, &from, &end)) {
            *to++ = *at++;
            continue;
        }
        memmove(to, at, (size_t)(from - at));
        to += from - at;
        memcpy(to, "***", 3);
        to += 3;
        at = end;
    }
    *to = '\0';
}
