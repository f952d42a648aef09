/* _Atomic pointers and structs follow what they point at and hold
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
typedef struct Node {
    int value;
    _Atomic(struct Node *) next;
} Node;
typedef struct Pair {
    short a, b;
} Pair;
typedef struct State {
    _Atomic(Node *) head;
    Node *tail;
    _Atomic Pair pair;
    int *into;
    bool (*_Atomic hook)(struct State *);
} State;
#else
typedef struct Node {
    double weight;
    _Atomic(struct Node *) next;
    long value;
} Node;
typedef struct Pair {
    int b, a;
} Pair;
typedef struct State {
    bool (*_Atomic hook)(struct State *);
    int *into;
    _Atomic Pair pair;
    Node *head;
    _Atomic(Node *) tail;
} State;
#endif
MOLT_ROOT(State);

static bool check(State *s);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    Node *tail = molt_new(Node);
    s->head = molt_new(Node);
    Node *head = s->head;
    head->value = 1;
    head->next = tail;
    tail->value = 2;
    tail->next = head;
    s->tail = tail;
    s->pair = (Pair){3, 4};
    s->hook = check;
    return s;
}

static bool check(State *s)
{
    CHECK(s->tail->value == 2);
    return true;
}
#else
static bool check(State *s)
{
    Node *tail = s->tail;
    Pair pair = s->pair;
    CHECK(s->head->value == 1 && s->head->next == tail && tail->value == 2);
    CHECK(tail->next == s->head && tail->weight == 0);
    CHECK(pair.a == 3 && pair.b == 4 && s->hook == check && s->into == NULL);
    return true;
}
#endif

CASE_MAIN
