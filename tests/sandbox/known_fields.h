#pragma once
#include <stdbool.h>
/* Which field names exist at Meta. The first four are in the order of enum level. */
enum known_node { KNOWN_ACCOUNT, KNOWN_CAMPAIGN, KNOWN_ADSET, KNOWN_AD, KNOWN_INSIGHTS, KNOWN_NODES };
bool known_field(enum known_node node, const char *name);
