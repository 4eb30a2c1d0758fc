#pragma once
struct call;
/* GET /auth/login?code=: uses up a link of metricx login, and signs the browser in. POST /auth/logout. */
void login(struct call *c);
void logout(struct call *c);
