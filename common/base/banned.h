#pragma once
/* Included before every source: calls that this project never makes. Both compilers then refuse them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#pragma GCC poison strcpy strcat sprintf vsprintf gets strtok atoi atol atof strncpy strncat localtime gmtime ctime    \
    asctime
