/* The text of a dump as the host reads it whole, from a file, a pipe or a device. It must never know what
 * the text means. */
#ifndef MOLT_HOST_DUMP_TEXT_H
#define MOLT_HOST_DUMP_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include <molt/status.h>

/* Bytes that are taken from a pipe or a device unless more are asked for. */
#define MOLT__DUMP_TEXT_MAX ((uint64_t)1 << 30)

/* Reads a text, which the caller frees with free(). One that is no JSON is read up to where that shows: it
 * may have no end. What nothing but its end tells the length of, a pipe or a device, may have `most` bytes;
 * 0: MOLT__DUMP_TEXT_MAX. MOLT_INVALID: it has more; MOLT_SYSTEM: it cannot be read. */
MoltStatus molt__dump_text_read(const char *path, uint64_t most, char **text, size_t *length,
                                MoltError *error);

#endif
