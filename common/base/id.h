#pragma once
#include <stdbool.h>
#include <stddef.h>
/* Random identifiers. */
#define UUID_TEXT 37
void uuid_make(char out[UUID_TEXT]); /* version 4, lower case, from the kernel's generator */
bool uuid_valid(const char *text);   /* 8-4-4-4-12 hex digits */
