#pragma once
#include "cli/args.h"
/* Every command of metricx (contract, section 3); ended by a row without words. */
extern const struct args_command command_table[];

int cmd_migrate(struct session *s, const struct args *a, struct err *e);
int cmd_keygen(struct session *s, const struct args *a, struct err *e);
int cmd_workspace_create(struct session *s, const struct args *a, struct err *e);
int cmd_workspace_list(struct session *s, const struct args *a, struct err *e);
int cmd_workspace_rename(struct session *s, const struct args *a, struct err *e);
int cmd_workspace_delete(struct session *s, const struct args *a, struct err *e);
int cmd_token_add(struct session *s, const struct args *a, struct err *e);
int cmd_token_list(struct session *s, const struct args *a, struct err *e);
int cmd_token_set(struct session *s, const struct args *a, struct err *e);
int cmd_token_accounts(struct session *s, const struct args *a, struct err *e);
int cmd_token_rotate(struct session *s, const struct args *a, struct err *e);
int cmd_connection_create(struct session *s, const struct args *a, struct err *e);
int cmd_connection_list(struct session *s, const struct args *a, struct err *e);
int cmd_connection_show(struct session *s, const struct args *a, struct err *e);
int cmd_connection_pause(struct session *s, const struct args *a, struct err *e);
int cmd_connection_resume(struct session *s, const struct args *a, struct err *e);
int cmd_connection_set(struct session *s, const struct args *a, struct err *e);
int cmd_connection_token(struct session *s, const struct args *a, struct err *e);
int cmd_connection_delete(struct session *s, const struct args *a, struct err *e);
int cmd_sync(struct session *s, const struct args *a, struct err *e);
int cmd_runs(struct session *s, const struct args *a, struct err *e);
int cmd_run(struct session *s, const struct args *a, struct err *e);
int cmd_cancel(struct session *s, const struct args *a, struct err *e);
int cmd_coverage(struct session *s, const struct args *a, struct err *e);
int cmd_restatements(struct session *s, const struct args *a, struct err *e);
int cmd_verify(struct session *s, const struct args *a, struct err *e);
int cmd_status(struct session *s, const struct args *a, struct err *e);
int cmd_hold(struct session *s, const struct args *a, struct err *e);
int cmd_release(struct session *s, const struct args *a, struct err *e);
int cmd_queue_rebuild(struct session *s, const struct args *a, struct err *e);
int cmd_dead_list(struct session *s, const struct args *a, struct err *e);
int cmd_dead_retry(struct session *s, const struct args *a, struct err *e);
int cmd_dead_drop(struct session *s, const struct args *a, struct err *e);
int cmd_login(struct session *s, const struct args *a, struct err *e);
int cmd_jwt(struct session *s, const struct args *a, struct err *e);
