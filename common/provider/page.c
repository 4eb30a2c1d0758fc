#include "common/provider/provider.h"

void page_clear(struct page *p)
{
    arena_free(&p->arena);
    *p = (struct page){0};
}

void token_info_clear(struct token_info *i)
{
    arena_free(&i->arena);
    *i = (struct token_info){0};
}

void account_info_clear(struct account_info *a)
{
    arena_free(&a->arena);
    *a = (struct account_info){0};
}
