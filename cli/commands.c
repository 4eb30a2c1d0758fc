#include "cli/commands.h"

/* Off for the macros: it would give every brace a line of its own. */
/* clang-format off */
#define OPTIONS(...) (const struct args_option[]){__VA_ARGS__, {0}}
#define FLAG(name, help) {name, NULL, false, help}
#define OPTION(name, value, help) {name, value, false, help}
#define REQUIRED(name, value, help) {name, value, true, help}
#define JSON FLAG("--json", "print JSON instead of a table")
#define WORKSPACE REQUIRED("--workspace", "ID", "the workspace that it belongs to")
#define OF_CONNECTION REQUIRED("--connection", "ID", "the connection")
#define PROVIDER REQUIRED("--provider", "NAME", "the advertising platform: meta")
#define STDIN REQUIRED("--stdin", NULL, "read the access token from standard input, never from the command line")
#define ROLE OPTION("--role", "R", "viewer (reads only, when not given), admin, service or operator")
#define YES(what) REQUIRED("--yes", NULL, "confirms that " what)
/* clang-format on */

const struct args_command command_table[] = {
    {"migrate", NULL, "apply the migrations to the database; safe to run twice, or at once from two machines",
     OPTIONS(FLAG("--status", "only say what is applied and what is pending")), cmd_migrate},
    {"keygen", NULL, "print a new key for TOKEN_ENCRYPTION_KEY", NULL, cmd_keygen},

    {"workspace create", "NAME", "create a workspace and print its id",
     OPTIONS(OPTION("--id", "ID", "the id to give it; a workspace that has it already stays as it is")),
     cmd_workspace_create},
    {"workspace list", NULL, "list the workspaces", OPTIONS(JSON), cmd_workspace_list},
    {"workspace rename", "ID NAME", "give a workspace another name", NULL, cmd_workspace_rename},
    {"workspace delete", "ID", "delete a workspace with its connections, tokens and everything stored for them",
     OPTIONS(YES("all its data may be deleted")), cmd_workspace_delete},

    {"token add", NULL, "store an access token, encrypted, and print its id; it may serve many connections",
     OPTIONS(WORKSPACE, PROVIDER, STDIN), cmd_token_add},
    {"token list", NULL, "list the stored tokens; never what they are", OPTIONS(JSON), cmd_token_list},
    {"token set", "ID", "replace a stored token for all its connections", OPTIONS(STDIN), cmd_token_set},
    {"token accounts", "ID", "list the ad accounts that a token may read, and which are connected", OPTIONS(JSON),
     cmd_token_accounts},
    {"token rotate", NULL, "encrypt every token anew under the first key of TOKEN_ENCRYPTION_KEY",
     OPTIONS(FLAG("--check", "only count those under another key; ends 1 when there are any")), cmd_token_rotate},

    {"connection create", NULL,
     "check an ad account with its platform, store the token encrypted, print the connection's id and request its "
     "first full sync; without a token META_ACCESS_TOKEN is used; an account that the workspace has already keeps its "
     "id",
     OPTIONS(WORKSPACE, PROVIDER, REQUIRED("--account", "act_N", "the ad account's id"),
             FLAG("--token-stdin", "read the access token from standard input"),
             OPTION("--token", "ID", "use this stored token"), FLAG("--no-sync", "do not request the first sync")),
     cmd_connection_create},
    {"connection list", NULL, "list the connections", OPTIONS(JSON), cmd_connection_list},
    {"connection show", "ID", "show one connection", OPTIONS(JSON), cmd_connection_show},
    {"connection pause", "ID", "start no further work for a connection; open work waits", NULL, cmd_connection_pause},
    {"connection resume", "ID", "go on with a paused connection", NULL, cmd_connection_resume},
    {"connection set", "ID NAME=VALUE…",
     "change settings: calls_per_window, backfill_days, restate_days, nightly_at, intraday_minutes, hourly; an empty "
     "value returns to the program's own",
     NULL, cmd_connection_set},
    {"connection token", "ID", "give a connection another token, once the platform accepts it, and request a sync",
     OPTIONS(STDIN), cmd_connection_token},
    {"connection delete", "ID", "delete a connection and everything stored for it",
     OPTIONS(YES("its data may be deleted"), FLAG("--keep-data", "only disconnect: forget the token, keep the data")),
     cmd_connection_delete},

    {"sync", NULL,
     "request a sync (entities, then metrics, unless one is named) and print the run's id; an equal run that is open "
     "already is answered",
     OPTIONS(
         REQUIRED("--connection", "ID", "the connection to sync"),
         FLAG("--entities", "only campaigns, ad sets and ads"), FLAG("--metrics", "only the numbers"),
         OPTION("--from", "D", "first day, in the account's zone; without it: whatever is due"),
         OPTION("--to", "D", "last day; without it: today"),
         OPTION("--granularity", "day|hour", "hour: spend, impressions and clicks by the hour, beside the days (day)"),
         FLAG("--force", "read days again that were read in the last hours"),
         FLAG("--wait", "show progress; ends 0 only if the run succeeded"),
         FLAG("--forecast", "only say the calls, chunks and time that it would take now; do nothing"),
         FLAG("--json", "print the run, or the forecast, as JSON")),
     cmd_sync},
    {"runs", NULL, "list the newest runs", OPTIONS(OPTION("--connection", "ID", "only of this connection"), JSON),
     cmd_runs},
    {"run", "ID", "show one run and its chunks", OPTIONS(JSON), cmd_run},
    {"cancel", "RUN", "end a run that is queued or running", NULL, cmd_cancel},

    {"coverage", NULL,
     "show what is known of each day: stored, verified against the platform's own total, differs, missing or failing, "
     "and why",
     OPTIONS(OF_CONNECTION, FLAG("--json", "print every day as JSON")), cmd_coverage},
    {"restatements", NULL,
     "list what the platform changed in days that were over when they were read: the newest 1,000",
     OPTIONS(OF_CONNECTION, JSON), cmd_restatements},
    {"verify", NULL,
     "ask the platform for its own totals now (one call) and compare them with what is stored, day by day; ends 1 when "
     "a day that is over differs",
     OPTIONS(OF_CONNECTION, REQUIRED("--from", "D", "first day, in the account's zone"),
             REQUIRED("--to", "D", "last day")),
     cmd_verify},

    {"status", NULL, "show queue, workers, scheduler, budgets, open runs and dead letters",
     OPTIONS(FLAG("--json", "print JSON"),
             FLAG("--check", "print one line for each thing that is degraded; ends 1 when there is any")),
     cmd_status},
    {"hold", NULL,
     "start no further call, of one connection or of all; work is planned on and waits where it is, pages under way "
     "are "
     "stored",
     OPTIONS(OPTION("--connection", "ID", "only of this connection"),
             REQUIRED("--reason", "TEXT", "why, for those who look at the status")),
     cmd_hold},
    {"release", NULL, "go on with held work at once",
     OPTIONS(OPTION("--connection", "ID",
                    "with this connection; without it the hold of all ends, those of connections stay")),
     cmd_release},
    {"queue rebuild", NULL, "empty Redis' live work and plan it anew from PostgreSQL; budgets are kept", NULL,
     cmd_queue_rebuild},
    {"dead list", NULL, "list the dead letters: jobs that were given up, and why", OPTIONS(JSON), cmd_dead_list},
    {"dead retry", "[ID]", "put a dead letter back to work", OPTIONS(FLAG("--all", "all of them")), cmd_dead_retry},
    {"dead drop", "ID", "forget a dead letter", NULL, cmd_dead_drop},

    {"login", NULL, "print a link that signs a browser in for 12 hours; it is good for ten minutes and one use",
     OPTIONS(OPTION("--workspace", "ID", "the workspace to sign in to"), ROLE,
             FLAG("--operator", "sign in to the whole installation instead, as its operator")),
     cmd_login},
    {"jwt", NULL, "print a token with which a program calls the API",
     OPTIONS(REQUIRED("--workspace", "ID|*", "the workspace that it may use; * all of them"), ROLE,
             OPTION("--days", "N", "how long it holds; 30 when not given")),
     cmd_jwt},
    {0},
};
