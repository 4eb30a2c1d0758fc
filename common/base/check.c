#include "common/base/check.h"
#include <unistd.h>

void check_failed(const char *what, const char *file, int line)
{
    dprintf(STDERR_FILENO, "bug: CHECK(%s) failed at %s:%d\n", what, file, line);
    abort();
}
