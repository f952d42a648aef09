/* Bytes in order, written or read by the same calls, so that both ways cannot disagree. It must never
 * know what they mean.
 *
 *   magic | what is coded | size of all | hash
 *
 * Invariant: from the first failure on every call does nothing, and what is read is zero. Nothing is
 * allocated before its size has been compared with the bytes that there are. */
#ifndef MOLT_KEEPSAKE_CODER_H
#define MOLT_KEEPSAKE_CODER_H

#include <stdbool.h>
#include <stdint.h>

#include "molt/text_sink.h"

typedef struct MoltCoder {
    MoltAllocator allocator;
    MoltError *error;
    MoltStatus status;
    const MoltTextSink *sink;   /* NULL: it reads */
    unsigned char *buffer;      /* what is not in the sink yet */
    uint64_t used, hash;        /* of the buffer; of what is in the sink */
    const unsigned char *bytes; /* that are read, all of them */
    uint64_t size, at; /* reading: up to the end of what is coded; written or read so far */
} MoltCoder;

/* Begins. Reading compares size and hash first: what is read then is as it was written, or forged. */
void molt__coder_write(MoltCoder *coder, const MoltTextSink *sink, const MoltAllocator *allocator,
                       MoltError *error);
void molt__coder_read(MoltCoder *coder, const void *bytes, size_t size,
                      const MoltAllocator *allocator, MoltError *error);
/* Writes the end. The coder's status says whether all went well. */
MoltStatus molt__coder_finish(MoltCoder *coder);

static inline bool molt__coder_reads(const MoltCoder *coder)
{
    return !coder->sink;
}
static inline bool molt__coder_good(const MoltCoder *coder)
{
    return coder->status == MOLT_OK;
}
/* Something that was read cannot be; the first one counts. False. */
bool molt__coder_wrong(MoltCoder *coder, const char *what);
/* The same unless `right`. */
bool molt__coder_check(MoltCoder *coder, bool right, const char *what);
/* No memory. */
void molt__coder_starve(MoltCoder *coder);

void molt__code_bytes(MoltCoder *coder, void *value, uint64_t size);
static inline void molt__code_u8(MoltCoder *coder, uint8_t *value)
{
    molt__code_bytes(coder, value, sizeof *value);
}
static inline void molt__code_u32(MoltCoder *coder, uint32_t *value)
{
    molt__code_bytes(coder, value, sizeof *value);
}
static inline void molt__code_u64(MoltCoder *coder, uint64_t *value)
{
    molt__code_bytes(coder, value, sizeof *value);
}
void molt__code_bool(MoltCoder *coder, bool *value);
/* How many things of at least `each` bytes (not 0) follow. */
void molt__code_count(MoltCoder *coder, uint64_t *count, uint64_t each);
void molt__code_count32(MoltCoder *coder, uint32_t *count, uint64_t each);
/* Goes on where addresses of any type may begin. */
void molt__code_align(MoltCoder *coder);
/* Reading: the next bytes where they lie; NULL for none. */
const void *molt__code_view(MoltCoder *coder, uint64_t size);
/* Reading: zeroed room for so many; NULL for none. */
void *molt__code_table(MoltCoder *coder, uint64_t count, uint64_t size);
/* Gives such room back; NULL allowed. */
void molt__code_free(const MoltCoder *coder, void *table, uint64_t count, uint64_t size);

#endif
