#pragma once
struct call;
/* /workspaces: for the role service. */
void workspaces_list(struct call *c);
void workspace_add(struct call *c);
void workspace_edit(struct call *c);
void workspace_remove(struct call *c);
