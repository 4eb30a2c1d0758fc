#pragma once
#include "tests/sandbox/request.h"
/* The login dialog, the exchange of codes and tokens, and what a token says of itself. Each fills r's answer. */
void oauth_dialog(struct request *r);
void oauth_access_token(struct request *r);
void oauth_debug_token(struct request *r);
void oauth_me(struct request *r);
void oauth_permissions(struct request *r);
/* The token `app-id|app-secret` of the app itself is known without having been made. */
void oauth_know_app_token(struct sandbox *s, const char *text);
