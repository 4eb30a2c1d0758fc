#pragma once
#include <stdbool.h>
/* System calls that fail. Linked into a test program these stand before the C library's, for the libraries it uses;
 * one call of one library is made to fail at a time. */
enum call {
    CALL_SOCKET,
    CALL_CONNECT,
    CALL_SETSOCKOPT,
    CALL_FCNTL,
    CALL_RECEIVE, /* recv, read */
    CALL_SEND,    /* send, sendmsg, write */
    CALL_ACCEPT,
    CALL_LOOK_UP /* getaddrinfo; its error is one of EAI_… */
};
enum { FAIL_SHORT = -1, FAIL_ENDED = -2 };
/* The n-th call from now that is made by the library whose file begins so ("" is the program itself) fails with this
 * errno; FAIL_SHORT: it moves one byte; FAIL_ENDED: the other side is gone. */
void fail_begin(const char *library, enum call call, int error, int nth);
bool fail_end(void); /* all go through again; whether one had failed */
