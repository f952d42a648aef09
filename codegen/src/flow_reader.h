/* Reads one source's flow of pointers out of its functions and initialisers. It must never know what
 * follows from it. */
#ifndef MOLT_CODEGEN_FLOW_READER_H
#define MOLT_CODEGEN_FLOW_READER_H

#include "flow.h"
#include "payload.h"

typedef struct MoltFlowReader {
    MoltTypeReader *types;
    MoltPayloads *payloads; /* what is put behind such pointers is added */
    MoltFlows *out;
    CXType *held; /* types of facts, which have names once all are read */
    uint32_t held_count, held_capacity;
} MoltFlowReader;

/* The body of a function, or the initialiser of a variable at file scope. */
void molt__flow_read(MoltFlowReader *reader, CXCursor declaration);

/* Where a pointer expression of the function points, whatever its type; NULL where nobody follows it. */
const char *molt__flow_pointer(MoltFlowReader *reader, CXCursor function, CXCursor pointer);

/* What stands for the name of a struct, union or enum in facts until molt__flow_name_types; NULL for other
 * types, and where the sources do not define it. */
const char *molt__flow_type(MoltFlowReader *reader, CXType type);

/* After molt__payloads_read: gives the types of the facts their names. */
void molt__flow_name_types(MoltFlowReader *reader);

#endif
