/* Structs that code takes out of a `void *`, or out of a `char *` as container_of does: what lies there
 * may be of a type that nothing else in the sources mentions, once the code that allocated it is gone.
 * It must never know what is done with them. */
#ifndef MOLT_CODEGEN_PAYLOAD_H
#define MOLT_CODEGEN_PAYLOAD_H

#include "type_reader.h"

typedef struct MoltPayloads {
    CXType *items;
    uint32_t count, capacity;
} MoltPayloads;

/* Adds the struct that this cast, written or implied, says is there; any other cursor adds nothing. */
void molt__payload_see(MoltArena *arena, MoltPayloads *payloads, CXCursor cursor);

/* Adds a type that is a definition's own. */
void molt__payload_add(MoltArena *arena, MoltPayloads *payloads, CXType type);

/* Reads those that the model does not have yet, and what they reach, from model->payload_first on. They
 * may be of no concern to the state, so nothing about them is refused. */
void molt__payloads_read(MoltTypeReader *reader, const MoltPayloads *payloads);

#endif
