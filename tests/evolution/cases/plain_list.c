/* blocks of malloc, calloc and realloc are typed by their sites and migrated
 * expect: migrated
 */
#include "case.h"

#include <stdlib.h>

typedef struct Node {
    struct Node *next;
#if VERSION == 2
    float weight MOLT_DEFAULT(0.5);
#endif
    int value;
} Node;
typedef struct Path {
    int count;
#if VERSION == 2
    int reserved;
#endif
    Node *nodes[] MOLT_COUNT(count);
} Path;
typedef struct Tag {
    char letters[3];
} Tag;
typedef struct Pair {
    Node nodes[2];
    int after;
    unsigned low : 1;
    Tag tag; /* in the bytes of the unsigned */
} Pair;
typedef struct State {
    Pair *pair;
    Tag *tag;
    Node *past; /* what is in the pair, near its end */
    Node *first;
    Node *array;
    Path *path;
    Node **table;
    char *name;
    double *reals;
    void *any;
} State;
MOLT_ROOT(State);

#if VERSION == 1
#define NEW(T) ((T *)malloc(sizeof(T)))

static void *xmalloc(size_t size)
{
    void *block = malloc(size);
    if (!block)
        abort();
    return block;
}

static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    for (int i = 0; i < 50; i++) {
        Node *node = malloc(sizeof(Node));
        *node = (Node){.next = s->first, .value = i};
        s->first = node;
    }
    for (int i = 50; i < 100; i++) {
        Node *node = xmalloc(sizeof *node);
        *node = (Node){.next = s->first, .value = i};
        s->first = node;
    }
    s->array = NULL;
    for (int i = 0; i < 10; i++) {
        s->array = realloc(s->array, (size_t)(i + 1) * sizeof *s->array);
        s->array[i] = (Node){.next = s->first, .value = 1000 + i};
    }
    s->path = malloc(sizeof(Path) + 3 * sizeof(Node *));
    s->path->count = 3;
    s->path->nodes[0] = s->path->nodes[1] = s->first;
    s->path->nodes[2] = &s->array[4];
    s->table = calloc(4, sizeof(Node *));
    s->table[3] = s->first->next;
    s->name = strdup("a name of the heap");
    s->reals = xmalloc(5 * sizeof(double));
    s->reals[4] = 2.5;
    s->pair = malloc(sizeof *s->pair);
    *s->pair = (Pair){.after = 5};
    s->past = s->pair->nodes + 2;
    s->tag = &s->pair->tag;
    s->any = NEW(Node);
    ((Node *)s->any)->value = 77;
    return s;
}
#endif

static bool check(State *s)
{
    int expected = 99;
    for (Node *node = s->first; node; node = node->next, expected--) {
        CHECK(node->value == expected);
#if VERSION == 2
        CHECK(node->weight == 0.5f);
#endif
    }
    CHECK(expected == -1);
    for (int i = 0; i < 10; i++)
        CHECK(s->array[i].value == 1000 + i && s->array[i].next == s->first);
    CHECK(s->path->count == 3 && s->path->nodes[1] == s->first);
    CHECK(s->path->nodes[2] == &s->array[4]);
    CHECK(s->table[3] == s->first->next && s->table[0] == NULL);
    CHECK(strcmp(s->name, "a name of the heap") == 0);
    CHECK(s->reals[4] == 2.5);
    CHECK(s->past == s->pair->nodes + 2 && s->pair->after == 5);
    CHECK(s->tag == &s->pair->tag);
    CHECK(((Node *)s->any)->value == 77);
    return true;
}

CASE_MAIN
