/* Records of system headers that keep more in their bytes than values: locks, jump buffers, streams, and
 * unions whose tag nobody can annotate. By value they can only be started anew. It must never know the
 * model. */
#ifndef MOLT__SYSTEM_RECORD_H
#define MOLT__SYSTEM_RECORD_H

#include <clang-c/Index.h>
#include <stdbool.h>

/* A value of the type is or holds, also in an array, a record that cannot be carried over. */
bool molt__system_record(CXType type);

/* A system record, maybe in an array, that ends in an array without a length: by value it has no room for
 * any element. */
bool molt__system_open_record(CXType type);

/* What to do about one. */
extern const char molt__system_remedy[];

#endif
