#pragma once
#include "common/io/redis.h"
#include <stddef.h>
/* Redis, played by the test: commands wait in a row, and the test answers the oldest. A script is a command of its
 * name, the prefix and its arguments. */
void redis_fakes_reset(void);
int redis_fakes_waiting(void);
/* The oldest command that waits, its words joined by spaces; "" when none waits. */
const char *redis_fakes_command(void);
/* A word of it, with its length. */
const char *redis_fakes_word(int i, size_t *len);

void redis_fakes_nil(void);
void redis_fakes_int(int64_t n);
void redis_fakes_str(const char *text, size_t len);
void redis_fakes_array(void); /* without elements */
void redis_fakes_fail(int rc);
