/* A small state with everything that a snapshot file treats in a way of its own, beside a library that
 * can be loaded anywhere. It must never know what a test does with it. */
#ifndef MOLT_TEST_SNAPSHOT_STATE_H
#define MOLT_TEST_SNAPSHOT_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "molt/code_map.h"
#include "molt/heap.h"
#include "schema_spec.h"

typedef struct Node Node;
struct Node {
    char tag; /* padding behind it */
    int hp;
    Node *next;
    void *behave; /* function of the library */
};

typedef struct State {
    Node *head;
    Node *shared;
    int *inside; /* hp of a node */
    void *anything;
    char *text;                 /* literal, or on the heap */
    int *number;                /* in a table of the library */
    void *api;                  /* MOLT_EXTERNAL */
    int cached;                 /* MOLT_TRANSIENT, default 7 */
    char *label;                /* MOLT_TRANSIENT, default "none" */
    Node *scratch;              /* MOLT_TRANSIENT */
    unsigned low : 3, high : 7; /* 6 bits of padding, 2 bytes behind */
    char name[6];
} State;

static const int state_cached = 7;

static const StructSpec state_specs[] = {
    {"State",
     sizeof(State),
     _Alignof(State),
     {FIELD(State, head, "Node *"),
      FIELD(State, shared, "Node *"),
      FIELD(State, inside, "int *"),
      FIELD(State, anything, "void *"),
      FIELD(State, text, "char *"),
      FIELD(State, number, "int *"),
      {.name = "api",
       .type = "void *",
       .offset = offsetof(State, api),
       .flags = MOLT_FIELD_EXTERNAL},
      {.name = "cached",
       .type = "int",
       .offset = offsetof(State, cached),
       .flags = MOLT_FIELD_TRANSIENT,
       .default_value = &state_cached,
       .default_size = sizeof state_cached},
      {.name = "label",
       .type = "char *",
       .offset = offsetof(State, label),
       .flags = MOLT_FIELD_TRANSIENT,
       .default_value = "none",
       .default_size = 5},
      {.name = "scratch",
       .type = "Node *",
       .offset = offsetof(State, scratch),
       .flags = MOLT_FIELD_TRANSIENT},
      {.name = "low",
       .type = "unsigned int",
       .offset = offsetof(State, scratch) + sizeof(void *),
       .bit_width = 3},
      {.name = "high",
       .type = "unsigned int",
       .offset = offsetof(State, scratch) + sizeof(void *),
       .bit_shift = 3,
       .bit_width = 7}},
     NULL},
    {"Node",
     sizeof(Node),
     _Alignof(Node),
     {FIELD(Node, tag, "char"), FIELD(Node, hp, "int"), FIELD(Node, next, "Node *"),
      FIELD(Node, behave, "void *")},
     NULL}};

/* ---- the library ---------------------------------------------------------------------------- */

/* At 16 bytes each: functions "walk" and "fly", the text "hello", the table int primes[4]. */
typedef struct Library {
    _Alignas(16) unsigned char image[64];
    bool no_fly, no_hello; /* what a later version may lack */
    MoltCodeMap map;
} Library;

static inline bool library_describe(void *context, uintptr_t address, MoltCodeTarget *out)
{
    Library *library = context;
    static const char *const functions[] = {"walk", "fly"};
    uintptr_t at = address - (uintptr_t)library->image;
    if (at == 0 || at == 16)
        *out = (MoltCodeTarget){
            .kind = MOLT_CODE_FUNCTION, .file = at ? "ant.c" : "", .name = functions[at / 16]};
    else if (at >= 32 && at < 38)
        *out = (MoltCodeTarget){.kind = MOLT_CODE_LITERAL,
                                .file = "",
                                .name = "",
                                .bytes = &"hello"[at - 32],
                                .size = 6 - (at - 32)};
    else if (at >= 48)
        *out = (MoltCodeTarget){.kind = MOLT_CODE_DATA,
                                .file = "",
                                .name = "primes",
                                .offset = at - 48,
                                .bytes = (const char *)library->image + 48,
                                .size = 16};
    else
        return false;
    return true;
}

static inline uintptr_t library_resolve(void *context, const MoltCodeTarget *target)
{
    Library *library = context;
    uintptr_t image = (uintptr_t)library->image;
    if (target->kind == MOLT_CODE_FUNCTION && strcmp(target->name, "walk") == 0)
        return image;
    if (target->kind == MOLT_CODE_FUNCTION && strcmp(target->name, "fly") == 0)
        return library->no_fly ? 0 : image + 16;
    if (target->kind == MOLT_CODE_LITERAL && strcmp(target->bytes, "hello") == 0)
        return library->no_hello ? 0 : image + 32;
    if (target->kind == MOLT_CODE_DATA && strcmp(target->name, "primes") == 0)
        return image + 48 + target->offset;
    return 0;
}

static inline void library_load(Library *library)
{
    static const int primes[4] = {2, 3, 5, 7};
    *library = (Library){.map = {.context = library,
                                 .begin = (uintptr_t)library->image,
                                 .end = (uintptr_t)library->image + sizeof library->image,
                                 .describe = library_describe,
                                 .resolve = library_resolve,
                                 .stays = true}};
    memcpy(library->image + 32, "hello", 6);
    memcpy(library->image + 48, primes, sizeof primes);
}

/* As texts were before they told what the constants are. */
static inline void forget_constants(char *text)
{
    char *constants = strstr(text, ",\n\"constants\":[\n{");
    if (constants == NULL)
        abort();
    strcpy(constants, "}\n");
}

/* ---- the state ------------------------------------------------------------------------------ */

/* `dirt` goes where no value is: padding, freed blocks, what files leave out. */
static inline State *make_state(MoltHeap *heap, Library *library, unsigned nodes,
                                unsigned char dirt)
{
    const MoltSchema *schema = molt_heap_schema(heap);
    MoltTypeId node_type = molt_schema_find(schema, "Node");
    State *state = molt_heap_new(heap, molt_schema_find(schema, "State"), 1);
    memset(state, dirt, sizeof *state);
    memset(state, 0, offsetof(State, api));
    state->api = dirt ? (void *)&state_cached : NULL;
    state->label = NULL;
    state->scratch = NULL;
    state->low = 5;
    state->high = 100;
    memset(state->name, 0, sizeof state->name);
    for (unsigned i = 0; i < nodes; i++) {
        Node *node = molt_heap_new(heap, node_type, 1);
        memset(node, dirt, sizeof *node);
        node->tag = (char)i;
        node->hp = (int)i * 1000;
        node->behave = library->image + (i % 2) * 16;
        node->next = state->head;
        state->head = node;
        if (i == nodes / 2)
            state->shared = node;
    }
    if (state->shared)
        state->inside = &state->shared->hp;
    state->anything = state;
    state->text = (char *)library->image + 32;
    state->number = (int *)(void *)(library->image + 48) + 2;
    molt_heap_set_root(heap, 0, state);
    return state;
}

#endif
