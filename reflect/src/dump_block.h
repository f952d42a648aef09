/* A block of the heap as the object of a dump. It must never know the document that it stands in. */
#ifndef MOLT__DUMP_BLOCK_H
#define MOLT__DUMP_BLOCK_H

#include "dump_value.h"

/* The object, from brace to brace. */
void molt__dump_block(MoltDump *dump, const MoltBlock *block);

/* {"name":pointer,...} of all roots. */
void molt__dump_roots(MoltDump *dump);

/* Several elements: text when they are char. */
void molt__dump_list(MoltDump *dump, const MoltBlock *block);
/* ,"key":count */
void molt__dump_count(MoltDump *dump, const char *key, uint64_t count);
/* Where a block without a type was allocated, as a string. */
void molt__dump_origin(MoltDump *dump, const MoltBlock *block);

#endif
