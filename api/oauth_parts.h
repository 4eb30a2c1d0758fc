#pragma once
#include "api/call.h"
#include "api/oauth_state.h"
/* What oauth_routes.c and oauth_flow.c share. */

/* The URL that the provider sends people back to: byte for byte the same for the dialog and for the code. The caller's.
 */
char *oauth_redirect_uri(const struct api *a);
/* The session of the browser, from its cookie; false: there is none. */
bool oauth_session(const struct call *c, char out[OAUTH_SESSION_TEXT]);
bool oauth_wants_page(const struct call *c);
/* How it ended, in words: a page for browsers, else a problem. */
void oauth_refuse(struct call *c, int status, const struct err *e);
