/* The variables of a game library as part of the state: globals, file statics, function statics and
 * the main thread's thread-locals. They lie in the library's image, so the heap holds a mirror of
 * them, one object of a struct with a field for each, that is filled whenever the state is looked at
 * and written back when a migration has made it anew. To plan, report, attic and dump it is an object
 * like any other. This must never know how the variables of a library are found.
 *
 *   mirror (heap):   | score | ground.c:rain | ground.c:grow():calls |     slack after each field
 *                        ^           ^                  ^
 *   image:         ... rain ... | calls | ... score ...                  places[]
 */
#ifndef MOLT_GLOBALS_H
#define MOLT_GLOBALS_H

#include "heap.h"

/* Where one loaded library has its variables. Indices are those of the fields of the schema's globals
 * type. A variable that the compiler left out has no place: code cannot tell it from its initialiser,
 * and a value that came from an older library stays in the mirror for one that has a place again. */
typedef struct MoltGlobals {
    MoltAllocator allocator;
    const MoltSchema *schema; /* of the library; must outlive this */
    MoltTypeId type;
    uint32_t count;
    void **places;          /* NULL: none */
    unsigned char *initial; /* one object of the type: what the library starts with */
    bool *held;             /* set by the game at some time, although the value does not show it */
    uint32_t *by_address;   /* fields that have a place, in order of their places */
    uint32_t placed;
} MoltGlobals;

/* The type of the mirror, or MOLT_NO_TYPE. */
MoltTypeId molt_schema_globals(const MoltSchema *schema);

/* molt_schema_copy of tables that may have no variables, as a schema that has the globals type, if
 * need be one without fields: migrations go from one to the other. A type without fields counts
 * neither in hashes nor in JSON. */
MoltStatus molt_schema_with_globals(const MoltTables *tables, const MoltAllocator *allocator,
                                    MoltSchema **out, MoltError *error);

/* The variables of a library that has that schema, without places yet. MOLT_INVALID for a schema
 * without the globals type. A NULL allocator is the default one. */
MoltStatus molt_globals_create(const MoltSchema *schema, const MoltAllocator *allocator,
                               MoltGlobals **out, MoltError *error);
void molt_globals_free(MoltGlobals *globals); /* NULL allowed */

/* Once the places are set and before any code of the library has run but its constructors: takes what
 * is there as the initial values. */
void molt_globals_settle(MoltGlobals *globals);

/* The variables that the heap mirrors from here on: at the first load, of the schema that the heap has.
 * A migration changes it to those in its MoltCodeMap. The heap does not own them. MOLT_OUT_OF_MEMORY
 * when there is no room for the mirror. */
MoltStatus molt_heap_set_globals(MoltHeap *heap, MoltGlobals *globals, MoltError *error);

/* Fills the mirror from the variables; whatever looks at the whole state does it by itself. */
void molt_heap_gather_globals(const MoltHeap *heap);
/* Writes the mirror to the variables, after the heap went back to another moment of this library. */
void molt_heap_scatter_globals(const MoltHeap *heap);

/* For a heap with a state from elsewhere, whose schema is that of the library and whose pointers to
 * variables lead into the mirror: they lead to the variables. Makes a mirror with what the library starts
 * with where there is none. MOLT_REFUSED: something points at a variable without a place, which is
 * named. MOLT_OUT_OF_MEMORY. The heap is good for nothing after a failure. */
MoltStatus molt_heap_aim_globals(MoltHeap *heap, const MoltGlobals *globals, MoltError *error);
/* Such a heap becomes the one of the running library: its mirror is written to the variables. */
void molt_heap_take_globals(MoltHeap *heap, MoltGlobals *globals);

/* Address in the mirror for one in, or one past the end of, a variable; 0 for any other address. Where
 * one variable ends and another begins, the pointer's type decides, and else it is the other one. */
uintptr_t molt_heap_mirror(const MoltHeap *heap, uintptr_t address, MoltTypeId pointee);

#endif
