/* a block without a type that has the address of a function which the edit removes refuses
 * expect: refused untyped-memory plain_code_inside.c:27 (make)
 * json: no, the address in the bytes would mean nothing
 */
#include "case.h"

#include <stdlib.h>

typedef struct State {
    void *table;
    size_t size;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static int answer(void)
{
    return 42;
}

static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    int (*function)(void) = answer;
    s->size = 64;
    size_t size = s->size;
    s->table = malloc(size);
    memcpy(s->table, &function, sizeof function);
    return s;
}
#endif

static bool check(State *s)
{
    int (*function)(void);
    memcpy(&function, s->table, sizeof function);
    CHECK(function() == 42);
    return true;
}

CASE_MAIN
