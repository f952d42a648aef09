/* identity survives: shared, cyclic, lists
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
typedef struct Node Node;
struct Node {
    int id;
    Node *next;
};
#else
typedef struct Node Node;
struct Node {
    Node *next;
    double weight;
    long id;
};
#endif
typedef struct State {
    Node *a, *b, *list;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->a = s->b = molt_new(Node);
    s->a->id = 1;
    s->a->next = s->a;
    for (int i = 0; i < 20000; i++) {
        Node *n = molt_new(Node);
        n->id = i;
        n->next = s->list;
        s->list = n;
    }
    return s;
}

static bool check(State *s)
{
    CHECK(s->a == s->b);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->a == s->b && s->a->next == s->a && s->a->id == 1);
    int i = 20000;
    for (Node *n = s->list; n; n = n->next)
        CHECK(n->id == --i);
    CHECK(i == 0);
    return true;
}
#endif

CASE_MAIN
