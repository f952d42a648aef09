/* The string literals of one library: NUL-terminated text in read-only data that no symbol names. It
 * must never know why somebody looks for a text. */
#ifndef MOLT_CORE_LITERALS_H
#define MOLT_CORE_LITERALS_H

#include <stddef.h>
#include <stdint.h>

#include <molt/status.h>

/* Mapped, readable bytes [begin, end). */
typedef struct MoltByteRange {
    uintptr_t begin, end;
} MoltByteRange;

typedef struct MoltLiterals MoltLiterals;

/* Indexes every text that starts at the begin of a range or after a NUL. The ranges are copied, their
 * bytes are not and must stay mapped as long as the index is asked. */
MoltStatus molt__literals_create(const MoltByteRange *ranges, size_t count, MoltLiterals **out,
                                 MoltError *error);
void molt__literals_free(MoltLiterals *literals); /* NULL allowed */

/* Length with the NUL of the text at `address`; 0 when it lies in no range or has no end there. */
size_t molt__literals_measure(const MoltLiterals *literals, uintptr_t address);

/* Address of the same text; `size` counts the NUL. A whole text is preferred to the tail of a longer
 * one, which linkers share ("bar" inside "foobar"). 0 when there is none. */
uintptr_t molt__literals_find(const MoltLiterals *literals, const char *bytes, size_t size);

#endif
