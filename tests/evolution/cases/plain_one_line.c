/* two allocations on a line, which an optimiser makes calls of one function
 * expect: migrated
 */
#include "case.h"

#include <stdlib.h>

typedef struct Node {
    struct Node *next;
#if VERSION == 2
    int hunger;
#endif
    int hp, more[12];
} Node;
typedef struct State {
    Node *first;
    int count, room[40];
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = NULL;
    for (int i = 0; i < 10; i++) {
        /* clang-format off */
        Node *n = malloc(sizeof *n); memset(n, 0, sizeof *n); s = s ? s : calloc(1, sizeof *s);
        /* clang-format on */
        n->hp = i;
        n->next = s->first;
        s->first = n;
        s->count++;
    }
    return s;
}
#endif

static bool check(State *s)
{
    int expected = 9;
    for (Node *n = s->first; n; n = n->next, expected--)
        CHECK(n->hp == expected && n->more[11] == 0);
    return expected == -1 && s->count == 10;
}

CASE_MAIN
