#pragma once
#include <stdbool.h>
/* Which names of fields and breakdowns exist at Meta. The first four are in the order of enum level. */
enum known_node {
    KNOWN_ACCOUNT,
    KNOWN_CAMPAIGN,
    KNOWN_ADSET,
    KNOWN_AD,
    KNOWN_INSIGHTS,
    KNOWN_REPORT,
    KNOWN_BREAKDOWNS,
    KNOWN_NODES
};
bool known_field(enum known_node node, const char *name);
int known_field_count(enum known_node node);
