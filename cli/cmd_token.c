#include "cli/account_setup.h"
#include "cli/commands.h"
#include "cli/rows.h"
#include "cli/table.h"
#include "common/base/check.h"
#include "common/base/program.h"
#include "common/remote/connect.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

int cmd_token_add(struct session *s, const struct args *a, struct err *e)
{
    const struct provider *provider;
    struct secret *token = NULL;
    char *sealed = NULL;
    struct answer added = {0};
    int rc = setup_provider(args_option(a, "--provider"), &provider, e);
    if (rc == 0)
        rc = session_need(s, NEED_SCHEMA | NEED_KEYS, e);
    if (rc == 0)
        rc = setup_read_token(s, &token, &sealed, e);
    if (rc == 0) {
        token_add(s->db, args_option(a, "--workspace"), provider->name, sealed, NULL, answer_id, &added);
        rc = answer_wait(s, &added, e);
    }
    if (rc == 0)
        (void)puts(added.id);
    free(sealed);
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
        rc = setup_read_token(s, &token, &sealed, e);
    if (rc == 0) {
        struct answer set = {0};
        token_set(s->db, args_operand(a, 0), sealed, NULL, answer_id, &set);
        rc = answer_wait(s, &set, e);
    }
    free(sealed);
    secret_free(token);
    return rc;
}

struct accounts {
    struct answer answer;
    json_t *list;
};

static void on_accounts(void *arg, int rc, json_t *list, const struct err *e)
{
    struct accounts *a = arg;
    a->list = list;
    answer_is(&a->answer, rc, e);
}

static void print_accounts(const json_t *list, bool json)
{
    static const struct table_column columns[] = {{"ACCOUNT", "external_account_id"}, {"NAME", "name"},
                                                  {"CURRENCY", "currency"},           {"ZONE", "timezone"},
                                                  {"CONNECTION", "connection_id"},    {0}};
    struct rows rows = {.count = (int)json_array_size(list)};
    rows.items = calloc((size_t)rows.count + 1, sizeof(json_t *));
    rows.texts = calloc((size_t)rows.count + 1, sizeof *rows.texts);
    CHECK(rows.items && rows.texts);
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
    struct accounts accounts = {0};
    int rc = session_need(s, NEED_REMOTE | NEED_KEYS, e);
    if (rc == 0)
        rc = setup_open_token(s, args_operand(a, 0), &token, e);
    if (rc == 0) {
        connectable_accounts(&s->remote, s->db, token.workspace_id, provider_find(token.provider), token.secret,
                             on_accounts, &accounts);
        rc = answer_wait(s, &accounts.answer, e);
    }
    if (rc == 0)
        print_accounts(accounts.list, args_option(a, "--json") != NULL);
    json_decref(accounts.list);
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
