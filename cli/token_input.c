#include "cli/token_input.h"
#include <errno.h>
#include <stdbool.h>
#include <termios.h>
#include <unistd.h>

enum { TOKEN_BYTES_MAX = 8192 };

/* Reads to the end of the input, or of the first line when a person types. */
static ssize_t read_text(char *text, size_t size, bool line)
{
    size_t len = 0;
    while (len < size) {
        ssize_t n = read(STDIN_FILENO, text + len, size - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        len += (size_t)n;
        if (n == 0 || (line && memchr(text, '\n', len)))
            break;
    }
    return (ssize_t)len;
}

static bool echo_off(struct termios *before)
{
    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, before) != 0)
        return false;
    struct termios quiet = *before;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    (void)fputs("access token: ", stderr);
    return true;
}

int token_input(struct secret **out, struct err *e)
{
    char text[TOKEN_BYTES_MAX + 1];
    struct termios before;
    bool person = echo_off(&before);
    ssize_t len = read_text(text, sizeof text, person);
    int problem = errno;
    if (person) {
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        (void)fputc('\n', stderr);
    }
    int rc;
    if (len < 0)
        rc = err_set(e, -problem, "standard input: %s", strerror(problem));
    else if (len > TOKEN_BYTES_MAX)
        rc = err_set(e, ERR_INPUT, "standard input: more than %d bytes are no access token", TOKEN_BYTES_MAX);
    else
        rc = secret_word(text, (size_t)len, out, e) == 0 ? 0 : err_wrap(e, "standard input");
    explicit_bzero(text, sizeof text);
    return rc;
}
