#pragma once
#include <stdbool.h>
#include <stdint.h>
/* Authorization codes that the login dialog handed out, and how the dialog is told to behave. */
#define OAUTH_CODES_MAX 64
struct oauth_codes {
    struct {
        char text[48], redirect_uri[512];
        bool used, reads_ads;
        int64_t made_ms;
    } list[OAUTH_CODES_MAX];
    uint64_t made;         /* the oldest makes room */
    bool deny;             /* people click Cancel */
    bool decline_ads_read; /* people un-tick the permission */
    bool ask;              /* people see a page and answer themselves; else the dialog answers at once */
};
