#pragma once
/* Assertions for our own bugs, on in release too. Input from outside is parsed, never asserted. */
_Noreturn void check_failed(const char *what, const char *file, int line);
#define CHECK(condition) ((condition) ? (void)0 : check_failed(#condition, __FILE__, __LINE__))
