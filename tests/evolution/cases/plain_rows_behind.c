/* a table of pointers and what they lead to are one block: it refuses an edit of what lies behind
 * expect: refused untyped-memory plain_rows_behind.c:28 (make)
 * json: no, the address in the bytes would mean nothing
 */
#include "case.h"

#include <stdlib.h>

typedef struct Leaf {
#if VERSION == 2
    int color;
#endif
    int size;
} Leaf;
typedef struct State {
    Leaf **leaves;
    int count;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    size_t n = 3;
    Leaf *rows;
    s->count = 3;
    s->leaves = malloc(n * sizeof(Leaf *) + n * sizeof(Leaf));
    rows = (Leaf *)(s->leaves + n);
    for (size_t i = 0; i < n; i++) {
        s->leaves[i] = rows + i;
        rows[i].size = (int)i + 1;
    }
    return s;
}

static bool check(State *s)
{
    CHECK(s->leaves[2]->size == 3);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->leaves == NULL);
    return true;
}
#endif

CASE_MAIN
