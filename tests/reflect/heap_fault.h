/* A heap's word about its misuse, taken by a test instead of ending the process. It must never know what the
 * misuse is. */
#ifndef MOLT_TEST_HEAP_FAULT_H
#define MOLT_TEST_HEAP_FAULT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

typedef struct HeapFault {
    jmp_buf out;
    char text[600]; /* of the last one */
} HeapFault;

/* For molt_heap_set_fault(), with the HeapFault as its context. */
static inline void heap_fault_take(void *context, const char *text)
{
    HeapFault *fault = context;
    snprintf(fault->text, sizeof fault->text, "%s", text);
    longjmp(fault->out, 1);
}

/* Runs one faulting call, which is made in a frame below the setjmp. */
static inline void expect_fault(HeapFault *fault, void (*misuse)(void *fixture), void *fixture,
                                const char *expected)
{
    fault->text[0] = '\0';
    if (setjmp(fault->out) == 0) {
        misuse(fixture);
        fail_msg("no fault; expected \"%s\"", expected);
    }
    if (!strstr(fault->text, expected))
        fail_msg("fault says \"%s\", expected \"%s\"", fault->text, expected);
}

#endif
