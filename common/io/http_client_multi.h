#pragma once
#include "common/io/loop.h"
#include <curl/curl.h>
/* A curl multi handle on the loop: sockets watched, timeouts kept, every transfer that ended is told once. */
struct multi;
/* ended(private data of the easy handle, how) is called within curl's own work, on the loop. */
struct multi *multi_new(struct loop *l, int connections_max, void (*ended)(void *call, CURLcode code));
CURLM *multi_curl(struct multi *m);
/* No transfer may be left in it. closed(arg) once its handles are gone. */
void multi_close(struct multi *m, void (*closed)(void *arg), void *arg);
