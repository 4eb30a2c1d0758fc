#pragma once
struct call;
/* /workspaces/{ws}/tokens: they come in bodies, are encrypted at once and never given back. */
void tokens_list(struct call *c);
void tokens_add(struct call *c);
void tokens_replace(struct call *c);
void tokens_accounts(struct call *c);
