/* The calls of a source that allocate plain memory: malloc and its relatives, and functions that give
 * on what they got from one (wrappers). Which functions those are is known only when all sources are
 * linked, so every call that may be one of a wrapper is listed. It must never know how a block's size
 * and pointer say its type, or what is done with the list. */
#ifndef MOLT_CODEGEN_ALLOCATION_H
#define MOLT_CODEGEN_ALLOCATION_H

#include "type_reader.h"
#include "unit.h"

/* Where allocations of one source are collected. */
typedef struct MoltAllocationReader {
    MoltTypeReader *types;
    MoltUnit *out;
} MoltAllocationReader;

/* Appends the allocations in the body of a function to out->allocations and reads their types. */
void molt__allocations_read(MoltAllocationReader *reader, CXCursor function);

#endif
