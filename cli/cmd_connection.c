#include "cli/account_setup.h"
#include "cli/commands.h"
#include "cli/rows.h"
#include "cli/status_report.h"
#include "cli/table.h"
#include "common/remote/connect.h"
#include <stdlib.h>
#include <string.h>

int cmd_connection_list(struct session *s, const struct args *a, struct err *e)
{
    static const struct table_column columns[] = {{"ID", "id"},
                                                  {"ACCOUNT", "external_account_id"},
                                                  {"NAME", "name"},
                                                  {"STATUS", "status"},
                                                  {"CURRENCY", "currency"},
                                                  {"ZONE", "timezone"},
                                                  {"LAST SYNC", "last_synced_at"},
                                                  {"FACTS THROUGH", "facts_through"},
                                                  {0}};
    return rows_list(s, LIST_CONNECTIONS, NULL, args_option(a, "--json") != NULL, columns, e);
}

int cmd_connection_show(struct session *s, const struct args *a, struct err *e)
{
    return rows_show(s, LIST_CONNECTION, "connection", args_operand(a, 0), args_option(a, "--json") != NULL, e);
}

static int set_status(struct session *s, const char *id, const char *status, const char *reason, struct err *e)
{
    struct answer set = {0};
    connection_set_status(s->db, id, status, reason, answer_id, &set);
    return answer_wait(s, &set, e);
}

int cmd_connection_pause(struct session *s, const struct args *a, struct err *e)
{
    int rc = session_need(s, NEED_SCHEMA, e);
    return rc < 0 ? rc : set_status(s, args_operand(a, 0), "paused", "paused on the command line", e);
}

int cmd_connection_resume(struct session *s, const struct args *a, struct err *e)
{
    const char *id = args_operand(a, 0);
    int rc = session_need(s, NEED_SCHEMA | NEED_REDIS, e);
    if (rc == 0)
        rc = set_status(s, id, "active", NULL, e);
    if (rc == ERR_CONFLICT)
        return err_set(e, ERR_CONFLICT, "connection %s has no token; give it one: metricx connection token %s --stdin",
                       id, id);
    if (rc == 0) {
        struct answer woken = {0};
        queue_wake_scheduler(s->queue, answer_plain, &woken);
        rc = answer_wait(s, &woken, e);
    }
    return rc;
}

int cmd_connection_set(struct session *s, const struct args *a, struct err *e)
{
    for (int i = 1; i < a->operand_count; i++)
        if (!strchr(a->operands[i], '='))
            return err_set(e, ERR_USAGE, "connection set: '%s' is no NAME=VALUE", a->operands[i]);
    int rc = session_need(s, NEED_SCHEMA, e);
    for (int i = 1; rc == 0 && i < a->operand_count; i++) {
        const char *value = strchr(a->operands[i], '=') + 1;
        char name[64];
        (void)snprintf(name, sizeof name, "%.*s", (int)(value - 1 - a->operands[i]), a->operands[i]);
        struct answer set = {0};
        connection_set(s->db, a->operands[0], name, value, answer_id, &set);
        rc = answer_wait(s, &set, e);
    }
    return rc;
}

static void say_run(struct session *s, const char *run)
{
    if (run[0] == '\0')
        return;
    (void)fprintf(stderr, "sync requested: run %s\n", run);
    status_warn_idle(s);
}

struct reconnecting {
    struct answer answer;
    char run[UUID_TEXT];
};

static void on_reconnected(void *arg, int rc, const char *run, const struct err *e)
{
    struct reconnecting *r = arg;
    if (rc == 0)
        (void)snprintf(r->run, sizeof r->run, "%s", run);
    answer_is(&r->answer, rc, e);
}

int cmd_connection_token(struct session *s, const struct args *a, struct err *e)
{
    const char *id = args_operand(a, 0);
    struct rows rows = {0};
    struct secret *token = NULL;
    char *sealed = NULL;
    const struct provider *provider = NULL;
    struct reconnecting done = {0};
    int rc = session_need(s, NEED_REMOTE | NEED_KEYS, e);
    if (rc == 0)
        rc = rows_read_one(s, LIST_CONNECTION, "connection", id, &rows, e);
    if (rc == 0)
        rc = setup_read_token(s, &token, &sealed, e);
    if (rc == 0)
        rc = setup_provider(row_text(rows.items[0], "provider"), &provider, e);
    if (rc == 0) {
        const bool paused = strcmp(row_text(rows.items[0], "status"), "paused") == 0;
        const struct reconnect_request q = {.db = s->db,
                                            .queue = s->queue,
                                            .workspace_id = row_text(rows.items[0], "workspace_id"),
                                            .connection_id = id,
                                            .account = row_text(rows.items[0], "external_account_id"),
                                            .provider = provider,
                                            .token = token,
                                            .token_enc = sealed,
                                            .sync = !paused};
        reconnect(&s->remote, &q, on_reconnected, &done);
        rc = answer_wait(s, &done.answer, e);
        if (rc == 0 && paused)
            (void)fprintf(stderr, "the connection is paused: no sync is requested\n");
    }
    if (rc == 0)
        say_run(s, done.run);
    free(sealed);
    secret_free(token);
    rows_clear(&rows);
    return rc;
}

int cmd_connection_delete(struct session *s, const struct args *a, struct err *e)
{
    int rc = session_need(s, NEED_SCHEMA, e);
    if (rc < 0)
        return rc;
    struct answer done = {0};
    if (args_option(a, "--keep-data") != NULL)
        connection_disconnect(s->db, args_operand(a, 0), answer_id, &done);
    else
        connection_delete(s->db, args_operand(a, 0), answer_id, &done);
    return answer_wait(s, &done, e);
}

/* connection create while it runs. */
struct creating {
    const char *workspace;
    const struct provider *provider;
    char account[64];
    const struct secret *token; /* borrowed from one of the next two, or the settings */
    struct secret *given;       /* read from standard input */
    char *sealed;               /* the same, encrypted */
    struct setup_token stored;  /* one that was stored before */
    struct answer answer;
    struct connected made;
};

static int parse_create(struct creating *c, const struct args *a, struct err *e)
{
    const char *account = args_option(a, "--account");
    c->workspace = args_option(a, "--workspace");
    int rc = setup_provider(args_option(a, "--provider"), &c->provider, e);
    if (rc < 0)
        return rc;
    if (!c->provider->account_id(account, c->account))
        return err_set(e, ERR_USAGE, "--account: '%s' is no ad account; accounts look like act_1234567890", account);
    if (args_option(a, "--token") && args_option(a, "--token-stdin"))
        return err_set(e, ERR_USAGE, "connection create: --token and --token-stdin exclude each other");
    return 0;
}

/* Id of the stored token of the workspace's connection to this account; "" when there is none. */
static int find_own_token(struct session *s, struct creating *c, char id[UUID_TEXT], struct err *e)
{
    struct rows rows;
    id[0] = '\0';
    int rc = rows_read(s, LIST_CONNECTIONS, c->workspace, &rows, e);
    for (int i = 0; i < rows.count; i++)
        if (strcmp(row_text(rows.items[i], "provider"), c->provider->name) == 0 &&
            strcmp(row_text(rows.items[i], "external_account_id"), c->account) == 0)
            (void)snprintf(id, UUID_TEXT, "%s", row_text(rows.items[i], "token_id"));
    rows_clear(&rows);
    return rc;
}

static int use_stored_token(struct session *s, struct creating *c, const char *id, struct err *e)
{
    int rc = session_need(s, NEED_KEYS, e);
    if (rc == 0)
        rc = setup_open_token(s, id, &c->stored, e);
    if (rc < 0)
        return rc;
    if (strcmp(c->stored.workspace_id, c->workspace) != 0 || strcmp(c->stored.provider, c->provider->name) != 0)
        return err_set(e, ERR_NOT_FOUND, "--token: workspace %s has no %s token with the id %s", c->workspace,
                       c->provider->name, id);
    c->token = c->stored.secret;
    return 0;
}

static int choose_token(struct session *s, struct creating *c, const struct args *a, struct err *e)
{
    char own[UUID_TEXT];
    if (args_option(a, "--token-stdin")) {
        int rc = session_need(s, NEED_KEYS, e);
        if (rc == 0)
            rc = setup_read_token(s, &c->given, &c->sealed, e);
        c->token = c->given;
        return rc;
    }
    if (args_option(a, "--token"))
        return use_stored_token(s, c, args_option(a, "--token"), e);
    int rc = find_own_token(s, c, own, e);
    if (rc < 0 || own[0])
        return rc < 0 ? rc : use_stored_token(s, c, own, e);
    c->token = s->settings.meta_access_token;
    if (!c->token)
        return err_set(e, ERR_SETTING,
                       "META_ACCESS_TOKEN is not set, and no token was given with --token-stdin or --token ID");
    return 0;
}

static void on_connected(void *arg, const struct connected *one)
{
    struct creating *c = arg;
    c->made = *one;
}

static void on_create_ended(void *arg, int rc, const struct err *e)
{
    struct creating *c = arg;
    answer_is(&c->answer, rc, e);
}

/* Nothing is stored before the account was checked. */
static int connect_account(struct session *s, struct creating *c, bool sync, struct err *e)
{
    const char *account = c->account;
    const struct connect_request q = {.db = s->db,
                                      .queue = s->queue,
                                      .workspace_id = c->workspace,
                                      .provider = c->provider,
                                      .token = c->token,
                                      .token_id = c->stored.secret != NULL ? c->stored.id : NULL,
                                      .token_enc = c->sealed,
                                      .accounts = &account,
                                      .count = 1,
                                      .sync = sync};
    connect_accounts(&s->remote, &q, on_connected, on_create_ended, c);
    return answer_wait(s, &c->answer, e);
}

int cmd_connection_create(struct session *s, const struct args *a, struct err *e)
{
    struct creating c = {0};
    int rc = parse_create(&c, a, e);
    if (rc == 0)
        rc = session_need(s, NEED_REMOTE, e);
    if (rc == 0)
        rc = choose_token(s, &c, a, e);
    if (rc == 0)
        rc = connect_account(s, &c, args_option(a, "--no-sync") == NULL, e);
    if (c.made.id[0] != '\0')
        (void)puts(c.made.id);
    if (rc == 0 && c.made.closed)
        (void)fprintf(stderr, "%s is closed at %s: nothing will be synced\n", c.account, c.provider->name);
    if (rc == 0)
        say_run(s, c.made.run);
    secret_free(c.stored.secret);
    secret_free(c.given);
    free(c.sealed);
    return rc;
}
