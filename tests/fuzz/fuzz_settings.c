#include "common/base/check.h"
#include "common/base/settings.h"
#include "common/base/str.h"
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input is a config file, read as each program reads it: what is refused is named. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char *const environment[] = {NULL};
    static const enum program programs[] = {PROGRAM_CLI, PROGRAM_SCHEDULER, PROGRAM_WORKER, PROGRAM_API};
    char path[40];
    int fd = memfd_create("settings", MFD_CLOEXEC);

    CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        struct settings s;
        struct err e = {0};
        int rc = settings_load(&s, programs[i], path, environment, &e);

        CHECK(rc == 0 || (rc == ERR_SETTING && e.text[0] != '\0'));
        CHECK(str_is_utf8(e.text, strlen(e.text)));
        if (rc == 0)
            CHECK(s.database_url != NULL && s.redis_url != NULL && s.meta_window_seconds > 0);
        settings_clear(&s);
    }
    (void)close(fd);
    return 0;
}
