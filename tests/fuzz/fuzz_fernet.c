#include "common/base/check.h"
#include "common/base/fernet.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input is a stored token under a known key, and a list of keys. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char key[] = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4="; /* of the specification's vectors */
    char *text = strndup((const char *)data, size);
    struct fernet *f = NULL;
    struct secret *plain = NULL;
    struct err e = {0};

    CHECK(text != NULL);
    CHECK(fernet_new(key, &f, &e) == 0);
    int rc = fernet_open(f, text, &plain, NULL, &e);
    CHECK((rc == 0 && plain != NULL) || (rc == ERR_CRYPTO && plain == NULL && e.text[0] != '\0'));
    secret_free(plain);
    fernet_free(f);
    f = NULL;
    rc = fernet_new(text, &f, &e);
    CHECK((rc == 0) == (f != NULL) && (rc == 0 || rc == ERR_SETTING));
    fernet_free(f);
    free(text);
    return 0;
}
