#pragma once
#include "tests/sandbox/request.h"
/* Nodes and their edges: account, campaigns, ad sets, ads. Each fills r's answer. */
void objects_node(struct request *r);
void objects_edge(struct request *r, enum level level); /* children of r->node */
void objects_accounts(struct request *r);               /* /me/adaccounts */
