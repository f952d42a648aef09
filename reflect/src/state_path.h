/* Paths from a root or an object to a value, as people write them: "state.ants[3].target->pos",
 * "Ant:17.pos". It must never know JSON or what is done with the value. */
#ifndef MOLT__STATE_PATH_H
#define MOLT__STATE_PATH_H

#include "molt/heap.h"

/* What a path leads to. */
typedef struct MoltStateValue {
    MoltTypeId type; /* of the value, of a list of its elements */
    const unsigned char *bytes;
    /* Where the value alone does not say how to read it (bit-fields, external fields, tagged unions);
     * `bytes` are those of the struct then. Else NULL. */
    const MoltField *field;
    MoltTypeId owner; /* that struct */
    uint64_t count;   /* elements of a block that is a list; else 0 */
    uint64_t tail;    /* elements of the flexible array of the object that holds the value */
} MoltStateValue;

/* Starts with the name of a root or with an object's id; then .member, ->member (the same) and
 * [index], through pointers as C does. MOLT_NOT_FOUND or MOLT_INVALID say where it goes wrong. */
MoltStatus molt__state_path(const MoltHeap *heap, const char *path, MoltStateValue *out,
                            MoltError *error);

/* A member's name at the start of a path, up to what ends it; the name of a variable that has a file
 * stands in quotes. The number of characters it takes. */
size_t molt__path_name(const char *path, size_t length, const char **name, size_t *name_length);

/* The field of that name in a struct or union, members of anonymous unions included; NULL when there
 * is none. *offset grows by the bytes from the start of the struct to the field. */
const MoltField *molt__find_member(const MoltSchema *schema, MoltTypeId id, const char *name,
                                   size_t length, uint64_t *offset);

#endif
