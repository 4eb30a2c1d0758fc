#pragma once
#include "common/provider/provider.h"
/* Meta's Marketing API behind the provider interface. */
extern const struct provider meta_provider;
