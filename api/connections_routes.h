#pragma once
struct call;
/* /workspaces/{ws}/connections */
void connections_list(struct call *c);
void connections_add(struct call *c);
void connections_remove(struct call *c);
/* PATCH …/{id}; connection_edit.c */
void connections_edit(struct call *c);
