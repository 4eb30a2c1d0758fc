#include "cli/account_setup.h"
#include "cli/commands.h"
#include "cli/rows.h"
#include "cli/table.h"
#include "cli/token_input.h"
#include "common/base/check.h"
#include "common/base/mem.h"
#include "common/base/program.h"
#include "common/store/account.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

int cmd_token_add(struct session *s, const struct args *a, struct err *e)
{
    const struct provider *provider;
    struct secret *token = NULL;
    char id[UUID_TEXT];
    int rc = setup_provider(args_option(a, "--provider"), &provider, e);
    if (rc == 0)
        rc = session_need(s, NEED_SCHEMA | NEED_KEYS, e);
    if (rc == 0)
        rc = token_input(&token, e);
    if (rc == 0)
        rc = setup_store_token(s, args_option(a, "--workspace"), provider->name, token, id, e);
    if (rc == 0)
        (void)puts(id);
    secret_free(token);
    return rc;
}

int cmd_token_list(struct session *s, const struct args *a, struct err *e)
{
    static const struct table_column columns[] = {{"ID", "id"},
                                                  {"WORKSPACE", "workspace_id"},
                                                  {"PROVIDER", "provider"},
                                                  {"CREATED", "created_at"},
                                                  {"CHANGED", "updated_at"},
                                                  {0}};
    return rows_list(s, LIST_TOKENS, NULL, args_option(a, "--json") != NULL, columns, e);
}

int cmd_token_set(struct session *s, const struct args *a, struct err *e)
{
    struct secret *token = NULL;
    char *sealed = NULL;
    int rc = session_need(s, NEED_SCHEMA | NEED_KEYS, e);
    if (rc == 0)
        rc = token_input(&token, e);
    if (rc == 0)
        rc = fernet_seal(s->fernet, token, &sealed, e);
    if (rc == 0) {
        struct answer set = {0};
        token_set(s->db, args_operand(a, 0), sealed, answer_id, &set);
        rc = answer_wait(s, &set, e);
    }
    free(sealed);
    secret_free(token);
    return rc;
}

/* The accounts of a token while they come in. */
struct accounts {
    struct answer answer;
    json_t *list;
    const struct rows *connections;
    const struct setup_token *token;
};

/* Id of the token's workspace's connection to this account, NULL when there is none. */
static const char *connected(const struct accounts *a, const char *account)
{
    for (int i = 0; i < a->connections->count; i++) {
        const json_t *c = a->connections->items[i];
        if (strcmp(row_text(c, "provider"), a->token->provider) == 0 &&
            strcmp(row_text(c, "external_account_id"), account) == 0)
            return row_text(c, "id");
    }
    return NULL;
}

static void on_account(void *arg, const struct account_info *info)
{
    const struct accounts *a = arg;
    json_t *row = json_pack("{s:s, s:s, s:s, s:s, s:b, s:s?}", "external_account_id", info->account, "name", info->name,
                            "currency", info->currency, "timezone", info->timezone, "closed", info->closed,
                            "connection_id", connected(a, info->account));
    CHECK(row && json_array_append_new(a->list, row) == 0);
}

static void on_accounts(void *arg, int rc, const struct err *e)
{
    struct accounts *a = arg;
    answer_is(&a->answer, rc, e);
}

static void print_accounts(const json_t *list, bool json)
{
    static const struct table_column columns[] = {{"ACCOUNT", "external_account_id"}, {"NAME", "name"},
                                                  {"CURRENCY", "currency"},           {"ZONE", "timezone"},
                                                  {"CONNECTION", "connection_id"},    {0}};
    struct rows rows = {.count = (int)json_array_size(list)};
    rows.items = mem_new((size_t)rows.count + 1, sizeof(json_t *));
    rows.texts = mem_new((size_t)rows.count + 1, sizeof *rows.texts);
    for (int i = 0; i < rows.count; i++) {
        rows.items[i] = json_incref(json_array_get(list, (size_t)i));
        rows.texts[i] = json_dumps(rows.items[i], JSON_COMPACT);
    }
    if (json)
        rows_print_json(&rows);
    else
        table_print(stdout, columns, rows.items, rows.count);
    rows_clear(&rows);
}

int cmd_token_accounts(struct session *s, const struct args *a, struct err *e)
{
    struct setup_token token = {0};
    struct rows connections = {0};
    int rc = session_need(s, NEED_REMOTE | NEED_KEYS, e);
    if (rc == 0)
        rc = setup_open_token(s, args_operand(a, 0), &token, e);
    if (rc == 0)
        rc = rows_read(s, LIST_CONNECTIONS, token.workspace_id, &connections, e);
    if (rc == 0) {
        struct accounts list = {.list = json_array(), .connections = &connections, .token = &token};
        account_list(&s->remote, provider_find(token.provider), token.secret, on_account, on_accounts, &list);
        rc = answer_wait(s, &list.answer, e);
        if (rc == 0)
            print_accounts(list.list, args_option(a, "--json") != NULL);
        json_decref(list.list);
    }
    rows_clear(&connections);
    secret_free(token.secret);
    return rc;
}

int cmd_token_rotate(struct session *s, const struct args *a, struct err *e)
{
    bool check = args_option(a, "--check") != NULL;
    int rc = session_need(s, NEED_SCHEMA | NEED_KEYS, e);
    if (rc < 0)
        return rc;
    struct answer done = {0};
    token_rotate(s->db, s->fernet, check, answer_count64, &done);
    rc = answer_wait(s, &done, e);
    if (rc < 0)
        return rc;
    printf(check ? "%" PRId64 " tokens are not under the first key\n" : "%" PRId64 " tokens encrypted anew\n",
           done.count);
    return check && done.count > 0 ? EXIT_FAILED : 0;
}
