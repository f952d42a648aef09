/* structs that void pointers lead to, and that never lie in memory without a type, change as ever, while
 * there is such memory; nor are they in an array of numbers whose address is in the same void pointer
 * expect: migrated
 * report: info untyped-memory plain_vector_other.c:57 (vec_push) 1
 * report: info field-added Ant.added 0
 * through-file: renumbered objects were freed before the edit
 * json: no, a dump does not say where a block was allocated
 */
#include "case.h"

#include <stdlib.h>
#include <string.h>

typedef struct Ant {
    char name[8];
#if VERSION == 2
    int added;
#endif
    int hp;
} Ant;
typedef struct Point {
    int x, y;
} Point;
typedef struct Vec {
    void *data;
    size_t size, count;
} Vec;
typedef struct Node {
    struct Node *next;
    void *payload;
} Node;
typedef struct State {
    Vec points;
    Node *list;
    char *label;
    unsigned hash;
    void (*visit)(void *);
    double reals[3];
    unsigned char bytes[16];
} State;
MOLT_ROOT(State);

static void *xmalloc(size_t size)
{
    void *p = malloc(size);
    if (!p)
        abort();
    return p;
}
static void xfree(void *p)
{
    if (p)
        free(p);
}
static void vec_push(Vec *v, const void *value)
{
    v->data = realloc(v->data, (v->count + 1) * v->size);
    memcpy((char *)v->data + v->count++ * v->size, value, v->size);
}
static unsigned hash_of(const void *key, size_t size)
{
    const unsigned char *bytes = key;
    unsigned hash = 0;
    for (size_t i = 0; i < size; i++)
        hash = hash * 31 + bytes[i];
    return hash;
}
static int by_hp(const void *a, const void *b)
{
    const Ant *x = a, *y = b;
    return (x->hp > y->hp) - (x->hp < y->hp);
}
static void feed(void *ant)
{
    ((Ant *)ant)->hp++;
}
static void list_add(State *s, void *payload)
{
    Node *node = xmalloc(sizeof *node);
    *node = (Node){.next = s->list, .payload = payload};
    s->list = node;
}

static bool check(State *s)
{
    Ant *ant = s->list->payload;
    CHECK(hash_of(s->points.data, s->points.count * s->points.size) != s->hash);
    CHECK(ant->hp == 10 && strcmp(ant->name, "aa") == 0 && strcmp(s->label, "label") == 0);
    CHECK(((Point *)s->points.data)[1].y == 4 && s->visit == feed);
    CHECK(s->list->next->payload == &s->bytes[4] && s->bytes[4] == 7);
    CHECK(s->list->next->next->payload == &s->reals[1] && s->reals[1] == 0.5);
    return true;
}

#if VERSION == 1
static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    s->points.size = sizeof(Point);
    vec_push(&s->points, &(Point){1, 2});
    vec_push(&s->points, &(Point){3, 4});
    Ant *ants = malloc(2 * sizeof *ants), *ant = xmalloc(sizeof *ant);
    memset(ants, 0, 2 * sizeof *ants);
    ants[0] = (Ant){.hp = 9};
    strcpy(ants[0].name, "aa");
    ants[1] = (Ant){.hp = 4};
    qsort(ants, 2, sizeof *ants, by_hp);
    memcpy(ant, &ants[1], sizeof *ant);
    s->visit = feed;
    s->visit(ant);
    s->hash = hash_of(ants, 2 * sizeof *ants);
    xfree(ants);
    s->reals[1] = 0.5;
    s->bytes[4] = 7;
    list_add(s, &s->reals[1]);
    list_add(s, &s->bytes[4]);
    list_add(s, ant);
    s->label = xmalloc(strlen("label") + 1);
    strcpy(s->label, "label");
    return s;
}
#endif

CASE_MAIN
