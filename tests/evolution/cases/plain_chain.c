/* a struct that changes lies in a block without a type to which only another such block leads
 * expect: refused untyped-memory plain_chain.c:35 (make)
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
typedef struct Twig {
    int number;
    Leaf *leaf;
} Twig;
typedef struct State {
    Twig *twigs;
    size_t twig_bytes, leaf_bytes;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    s->twig_bytes = 3 * sizeof(Twig);
    s->leaf_bytes = 5 * sizeof(Leaf);
    size_t twigs = s->twig_bytes, leaves = s->leaf_bytes;
    s->twigs = malloc(twigs);
    memset(s->twigs, 0, twigs);
    s->twigs[1].number = 1;
    s->twigs[1].leaf = malloc(leaves);
    s->twigs[1].leaf[4].size = 44;
    return s;
}

static bool check(State *s)
{
    CHECK(s->twigs[1].number == 1 && s->twigs[1].leaf[4].size == 44);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->twigs == NULL);
    return true;
}
#endif

CASE_MAIN
