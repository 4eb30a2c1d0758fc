#pragma once
struct call;
/* Connecting by a login at Meta: there, back, and the choice of ad accounts. */
void oauth_authorize(struct call *c);
void oauth_callback(struct call *c); /* oauth_flow.c */
void oauth_choose(struct call *c);
void oauth_choose_script(struct call *c);
