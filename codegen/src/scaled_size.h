/* Sizes of blocks that are made of others by multiplication alone: n * size, or a function's own
 * parameters as they are. Any other size has room for more than the type that was measured. It must never
 * know which calls allocate. */
#ifndef MOLT_CODEGEN_SCALED_SIZE_H
#define MOLT_CODEGEN_SCALED_SIZE_H

#include <clang-c/Index.h>
#include <stdbool.h>

/* True when the size is a product of numbers, sizeof, parameters and variables that have no other values,
 * also as what a function of this source returns. */
bool molt__size_is_scaled(CXCursor size);

#endif
