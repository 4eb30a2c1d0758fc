#include "tests/sandbox/too_much.h"
#include "tests/sandbox/request.h"

#define WORDS "Please reduce the amount of data you're asking for, then retry your request"

static bool above(int64_t value, int64_t bound)
{
    return bound > 0 && value > bound;
}

bool too_much(const struct too_much *t, const struct too_much_question *q)
{
    return above(q->rows, t->rows) || above(q->cells, t->cells) || above(q->fields, t->fields) ||
           (t->unless_report && !q->report) || (t->unless_campaign && !q->one_campaign) ||
           (t->day != DATE_NONE && q->from <= t->day && t->day <= q->to);
}

void too_much_answer(struct request *r)
{
    r->sandbox->faults.struck++;
    if (r->sandbox->too_much.coded) {
        request_error(r, 400, 100, 1487534, "(#100) %s", WORDS);
        return;
    }
    r->status = 500;
    buf_reset(&r->body);
    buf_add_str(&r->body, "{\"error\":{\"code\":1,\"message\":\"" WORDS "\"}}");
}
