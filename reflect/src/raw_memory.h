/* Memory that holds objects nobody described, in a migration: plain memory without a type, and blocks of
 * numbers or bytes that the game cut up itself. It is carried byte for byte, so an edit that concerns
 * what it may hold is refused. It must never write to a block.
 *
 * What such a block may hold is known from the typed pointers that lead into it, and from the sources: they
 * show of which types values are put behind pointers without one (MOLT_NOTE_ERASED). Pointers inside of it
 * cannot be told from numbers: a word that is the address of something which moves or goes is taken
 * for one. */
#ifndef MOLT_RAW_MEMORY_H
#define MOLT_RAW_MEMORY_H

#include "heap_span.h"
#include "plan_ops.h"

struct MoltMigration;

/* What is known of one block. All but MOLT__RAW_VISITED refuse. */
typedef enum MoltRawKind {
    MOLT__RAW_VISITED, /* holds structs with pointers: its words are looked at */
    MOLT__RAW_HOLDS,   /* holds a type that the edit changes */
    MOLT__RAW_MARKED, /* a pointer into it leads to where no such object can begin */
    MOLT__RAW_MISFIT,  /* has a type by its allocation site, and a pointer says another */
    MOLT__RAW_ADDRESS, /* has a word that is the address of an object which moves or goes */
    MOLT__RAW_CODE,    /* has a word that is an address in the library that goes */
    MOLT__RAW_CHAIN,   /* leads on to memory that may hold a type which the edit changes */
    MOLT__RAW_ERASED,  /* may hold a type which the edit changes, as the sources say */
    MOLT__RAW_AREA     /* has an array of numbers that may, as the sources say */
} MoltRawKind;

typedef struct MoltRawFact {
    uint32_t span, index;
    MoltTypeId type; /* that is held, or of what is pointed at; MOLT_NO_TYPE: none */
    uint32_t check;  /* of the pointer that told; MOLT__NO_CHECK: none. ERASED, AREA: the note's text */
    MoltRawKind kind;
} MoltRawFact;

/* A set: slots holds indices + 1 of facts, open addressing, at least twice as many as facts. */
typedef struct MoltRawFacts {
    MoltRawFact *items;
    uint64_t count, item_slots;
    uint32_t *slots;
    uint64_t slot_count;
    bool *leads; /* per old type: it or what its pointers lead to changes; NULL until asked */
} MoltRawFacts;

/* A struct pointer of an operation leads to `offset` in an element of a block. False when the reload is
 * refused for it. */
bool molt__raw_reached(struct MoltMigration *m, const MoltOp *op, const MoltSpan *span,
                       uint32_t index, uint64_t offset, uint64_t i);
/* A struct pointer may lead to `offset` in an element of `type` in such a block, or none that concerns it
 * changes. Notes a refusal otherwise. */
bool molt__raw_fits(struct MoltMigration *m, const MoltOp *op, const MoltSpan *span, uint32_t index,
                    MoltTypeId type, uint64_t offset);
/* Looks at the words of every block that may hold pointers nobody described. After all pointers. */
void molt__raw_scan(struct MoltMigration *m);
/* Once for each block, type and kind. */
void molt__raw_add(struct MoltMigration *m, MoltRawFact fact);
/* raw_erased.c: adds the blocks that may hold a type which the edit changes, as the sources say. */
void molt__raw_scan_erased(struct MoltMigration *m);
/* The array that a note says the values lie in: its path, "Node.bytes" or a variable, and its type. False:
 * the note says no array that there is. */
bool molt__raw_area(const MoltSchema *schema, const char *note, char *path, size_t size,
                    MoltTypeId *type);
/* What was found, as findings; when nothing is refused, what is carried byte for byte. */
void molt__raw_report(struct MoltMigration *m);
void molt__raw_free(struct MoltMigration *m);

#endif
