/* The string literals of one library: text up to a NUL, narrow or wide, in read-only data that no
 * symbol names, and texts with NULs inside that the sources are known to have. It must never know why
 * somebody looks for a text. */
#ifndef MOLT_CORE_LITERALS_H
#define MOLT_CORE_LITERALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <molt/status.h>

/* Addresses [begin, end) and what stands there, as the library's file has it: read-only data is the
 * same in memory, but sanitizers put bytes between its objects that must not be touched there. */
typedef struct MoltByteRange {
    uintptr_t begin, end;
    const char *bytes;
} MoltByteRange;

typedef struct MoltLiterals MoltLiterals;

/* Indexes every text that starts at the begin of a range or after a NUL. Ranges must not
 * overlap; they are copied with their bytes. */
MoltStatus molt__literals_create(const MoltByteRange *ranges, size_t count, MoltLiterals **out,
                                 MoltError *error);
void molt__literals_free(MoltLiterals *literals); /* NULL allowed */
/* All addresses are `by` more from now on. Before molt__literals_split. */
void molt__literals_move(MoltLiterals *literals, uintptr_t by);

/* Tells which texts have NULs inside: `count` of them, one behind the other, `sizes` with the NUL at
 * their ends. Wherever the library has their bytes, they belong together from then on. */
MoltStatus molt__literals_split(MoltLiterals *literals, const unsigned char *bytes,
                                const uint32_t *sizes, uint32_t count, MoltError *error);

/* The text at `address`, in storage of the index, and its length with the NUL; NULL when the
 * address lies in no range or the text has no end there.
 * Of a text with NULs inside it is all from there on. */
const char *molt__literals_at(const MoltLiterals *literals, uintptr_t address, size_t *size);

/* The address lies in a text with NULs inside, and one of them is ahead. */
bool molt__literals_is_split(const MoltLiterals *literals, uintptr_t address);

/* The same of wide text, whose characters and NUL have `width` bytes, 2 or 4; with 0 of what looks like
 * wide text: it begins with a character that narrow text would end after. */
const char *molt__literals_wide_at(const MoltLiterals *literals, uintptr_t address, uint32_t width,
                                   size_t *size);

/* Whether `text` was given by one of these, and so stays what it is. */
bool molt__literals_owns(const MoltLiterals *literals, const char *text);

/* Address of the same bytes; `size` counts the NUL, which tells how wide it is. A whole text is preferred
 * to the tail of a longer one, which linkers share ("bar" inside "foobar"). 0 when there is none. */
uintptr_t molt__literals_find(const MoltLiterals *literals, const char *bytes, size_t size);

#endif
