/* Records of system headers that are bytes to everybody else: locks, streams, and unions with pointers,
 * whose tag nobody can annotate. It must never know the model. */
#ifndef MOLT__SYSTEM_RECORD_H
#define MOLT__SYSTEM_RECORD_H

#include <clang-c/Index.h>
#include <stdbool.h>

/* The type is such a record; an array of them is none. */
bool molt__system_bytes(CXType type);

/* A system record, maybe in an array, that ends in an array without a length: by value it has no room for
 * any element. */
bool molt__system_open_record(CXType type);

#endif
