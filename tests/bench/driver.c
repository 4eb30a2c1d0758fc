#include "tests/bench/driver.h"
#include "common/base/str.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

double seconds_now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void say(const char *what, double value)
{
    (void)printf("%s %.6f\n", what, value);
}

void must(int rc, const struct err *e, const char *doing)
{
    if (rc == 0)
        return;
    (void)fprintf(stderr, "%s: %s\n", doing, e == NULL ? err_name(rc) : e->text);
    exit(1);
}

int64_t number_arg(const char *text)
{
    int64_t value = 0;
    if (!str_to_i64(text, 0, INT64_C(1) << 40, &value))
        must(ERR_USAGE, NULL, text);
    return value;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int arguments;
        int (*run)(int argc, char **argv);
    } commands[] = {{"staging", 3, bench_staging}, {"slice", 5, bench_slice}, {"queue", 5, bench_queue}};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (argc == commands[i].arguments + 2 && strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 2, argv + 2);
    (void)fprintf(stderr, "see driver.h for the commands and their arguments\n");
    return 2;
}
