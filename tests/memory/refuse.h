#pragma once
#include <stdbool.h>
/* Memory that is refused. Linked into a test program this is malloc, for the libraries it uses as well. What counts is
 * asked for by the program itself or by a library of which it says that it gets over a refusal: libuv, glib and the C
 * library's loader do not. */
enum refusal {
    REFUSE_ONE,   /* the n-th request, and no other */
    REFUSE_GROWTH /* from the n-th on, what goes beyond the memory in use at that moment: freeing makes room again */
};
void refuse_begin(enum refusal how, long nth); /* from 1; 0: only count */
/* All is granted again. How many requests were made since the beginning; *refused: whether one was refused. */
long refuse_end(bool *refused);
/* The largest request that counted since this was asked last, in bytes. */
long refuse_largest(void);
