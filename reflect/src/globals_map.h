/* Inside of the globals, shared by globals.c, migrate_globals.c and relocate.c: from addresses to
 * variables. It must never know plans. */
#ifndef MOLT_GLOBALS_MAP_H
#define MOLT_GLOBALS_MAP_H

#include "heap_span.h"
#include "molt/globals.h"
#include "tables.h"

/* The mirror of heap->globals, or NULL. */
unsigned char *molt__globals_mirror(const MoltHeap *heap);

/* The variable that an address lies in, or ends. */
bool molt__globals_find(const MoltGlobals *globals, uintptr_t address, MoltTypeId pointee,
                        uint32_t *field, uint64_t *offset);

/* The field of a globals type that holds the byte at `offset` of the mirror, UINT32_MAX for none; the
 * slack behind a field keeps its end apart. */
uint32_t molt__globals_over(const MoltSchema *schema, MoltTypeId type, uint64_t offset);
/* The address in the image for an offset in the mirror, 0 where there is no place. */
uintptr_t molt__globals_image(const MoltGlobals *globals, uint64_t offset);
const MoltField *molt__globals_field(const MoltGlobals *globals, uint32_t index);

#endif
