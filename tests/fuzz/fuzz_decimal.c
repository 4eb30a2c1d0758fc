#include "common/base/check.h"
#include "common/base/decimal.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input is one number: what is taken keeps its value through its canonical text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = strndup((const char *)data, size), canonical[DECIMAL_TEXT], again[DECIMAL_TEXT];
    struct decimal a, b;

    CHECK(text != NULL);
    if (decimal_parse(text, &a)) {
        (void)decimal_text(&a, canonical);
        CHECK(decimal_parse(canonical, &b) && decimal_cmp(&a, &b) == 0);
        CHECK(strcmp(decimal_text(&b, again), canonical) == 0);
    }
    free(text);
    return 0;
}
