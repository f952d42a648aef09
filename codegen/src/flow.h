/* Where pointers without a struct type go in one source: which variables, fields, parameters and calls hand
 * such pointers to each other, and which structs are put there or taken out. It must never know what follows
 * from that for a library.
 *
 *     vec_push(&v, &pt):   GIVE  "l game.c:9:5#" points to a Pt     PASS  it to "p vec_push#1"
 *     memcpy(at, item, n): COPY  to "l ...at" from "p vec_push#1"
 *     v->data = at:        MOVE  to "d c:@S@Vec@FI@data" from "l ...at"
 *     Pt *p = v->data:     TAKE  a Pt out of "d c:@S@Vec@FI@data"
 *
 * Levels of pointers and instances of structs are not told apart, nor is the order of what happens. What
 * leads to a pointer stands for the pointer: so two of those that are given to each other are joined. */
#ifndef MOLT_CODEGEN_FLOW_H
#define MOLT_CODEGEN_FLOW_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "diagnostics.h"

/* X(name, word in the file). A place is named by a letter and a text: l a local variable or an expression,
 * p a parameter, r what a function returns, s a parameter or result of functions that are called through
 * pointers, d anything else that is declared. */
#define MOLT_FLOW_LIST(X)                                                                          \
    X(MOVE, "move") /* a may point to what b points to */                                          \
    X(JOIN, "join") /* a and b lead to the same pointers */                                        \
    X(PASS, "pass") /* a is an argument for the parameter b */                                     \
    X(LEND, "lend") /* so is a, which leads to a pointer that the function may change */           \
    X(CALL, "call") /* a is the result of a call, b what the function returns */                   \
    X(COPY, "copy") /* what lies at b is copied to a */                                            \
    X(GIVE, "give") /* a was a pointer to the type b */                                            \
    X(TAKE, "take") /* a becomes a pointer to the type b, or to b "(numbers)", "(pointers)" */     \
    X(VIEW, "view") /* types: what is an a is used as a b */                                       \
    X(TEXT, "text") /* a is text to C's own functions */                                           \
    X(AREA, "area") /* a is an array of numbers in what the type b holds; place.file names it */   \
    X(FIELD, "field") /* a is such a pointer in what the type b holds; place.file names it */      \
    X(NUMBER, "number")   /* the number a is given the number b as it is */                        \
    X(SIZE, "size")       /* the number a is given sizeof the type b */                            \
    X(SPOT, "spot")       /* a is given the offset of a field of b; place.file names the field */  \
    X(COUNTER, "counter") /* a is an integer in what the type b holds; place.file names it */      \
    X(DERIVE, "derive") /* the number a is computed from the number b */                           \
    X(HASH, "hash")     /* the number a is computed from the address that the pointer b has */     \
    X(SLOT, "slot")     /* the number a selects an element */                                      \
    X(LIES, "lies")     /* types, here and below: an a may lie in the library's image */           \
    X(PART, "part")     /* an a has a b in it */                                                   \
    X(SEEN, "seen")     /* a pointer to an a becomes one to a b */                                 \
    X(NAMED, "named")   /* a is the schema's b */

typedef enum MoltFlowKind {
#define X(name, word) MOLT_FLOW_##name,
    MOLT_FLOW_LIST(X)
#undef X
    MOLT_FLOW_KIND_COUNT
} MoltFlowKind;

typedef struct MoltFlow {
    MoltFlowKind kind;
    const char *a, *b; /* b is "" where the kind has none */
    MoltPlace place;   /* GIVE, TAKE, SIZE: of the first one; AREA and the like: see there */
} MoltFlow;

/* Each fact once. */
typedef struct MoltFlows {
    MoltFlow *items;
    uint32_t count, capacity;
    uint32_t *slots; /* index + 1, open addressing by kind, a and b */
    uint32_t slot_count;
} MoltFlows;

/* The fact, new or known; the texts are kept, not copied. Valid until the next call. */
MoltFlow *molt__flow_add(MoltArena *arena, MoltFlows *flows, MoltFlow flow);

/* As part of a unit's file. False when `json` is not what molt__flows_to_json gave. */
cJSON *molt__flows_to_json(const MoltFlows *flows);
bool molt__flows_from_json(MoltArena *arena, const cJSON *json, MoltFlows *out);

#endif
