#include "keepsake_coder.h"

#include <string.h>
#include <xxhash.h>

static const unsigned char magic[8] = {0x89, 'K', 'E', 'P', 'T', '1', '\r', '\n'};

enum { PIECE = 64 << 10, TRAILER = 16 };

static uint64_t hash_on(uint64_t hash, const void *bytes, uint64_t size)
{
    return XXH3_64bits_withSeed(bytes, size, hash);
}

/* ---- failures -------------------------------------------------------------------------------- */

bool molt__coder_wrong(MoltCoder *coder, const char *what)
{
    if (coder->status == MOLT_OK)
        coder->status =
            molt_error(coder->error, MOLT_INVALID, "What was kept is damaged, at byte %llu: %s.",
                       (unsigned long long)coder->at, what);
    return false;
}

bool molt__coder_check(MoltCoder *coder, bool right, const char *what)
{
    return molt__coder_good(coder) && (right || molt__coder_wrong(coder, what));
}

void molt__coder_starve(MoltCoder *coder)
{
    if (coder->status == MOLT_OK)
        coder->status =
            molt_error(coder->error, MOLT_OUT_OF_MEMORY, "No memory for what a session keeps.");
}

/* ---- writing --------------------------------------------------------------------------------- */

void molt__coder_write(MoltCoder *coder, const MoltTextSink *sink, const MoltAllocator *allocator,
                       MoltError *error)
{
    *coder = (MoltCoder){.allocator = *allocator, .error = error, .sink = sink};
    coder->buffer = allocator->resize(allocator->context, NULL, 0, PIECE);
    if (!coder->buffer)
        molt__coder_starve(coder);
    unsigned char begin[sizeof magic];
    memcpy(begin, magic, sizeof magic);
    molt__code_bytes(coder, begin, sizeof begin);
}

static void flush(MoltCoder *coder)
{
    if (coder->used == 0 || !molt__coder_good(coder))
        return;
    coder->hash = hash_on(coder->hash, coder->buffer, coder->used);
    coder->status = coder->sink->write(coder->sink->context, (const char *)coder->buffer,
                                       coder->used, coder->error);
    coder->used = 0;
}

static void put(MoltCoder *coder, const unsigned char *bytes, uint64_t size)
{
    while (size > 0 && molt__coder_good(coder)) {
        uint64_t part = size < PIECE - coder->used ? size : PIECE - coder->used;
        memcpy(coder->buffer + coder->used, bytes, part);
        coder->used += part;
        coder->at += part;
        bytes += part;
        size -= part;
        if (coder->used == PIECE)
            flush(coder);
    }
}

MoltStatus molt__coder_finish(MoltCoder *coder)
{
    if (molt__coder_reads(coder)) {
        molt__coder_check(coder, coder->at == coder->size, "something follows");
        return coder->status;
    }
    uint64_t all = coder->at + TRAILER;
    molt__code_u64(coder, &all);
    flush(coder);
    uint64_t hash = coder->hash;
    molt__code_u64(coder, &hash);
    flush(coder);
    if (coder->buffer)
        coder->allocator.resize(coder->allocator.context, coder->buffer, PIECE, 0);
    coder->buffer = NULL;
    return coder->status;
}

/* ---- reading --------------------------------------------------------------------------------- */

void molt__coder_read(MoltCoder *coder, const void *bytes, size_t size,
                      const MoltAllocator *allocator, MoltError *error)
{
    uint64_t all = 0, told = 0, hash = 0;
    *coder = (MoltCoder){.allocator = *allocator, .error = error, .bytes = bytes, .size = size};
    if (size < sizeof magic + TRAILER || memcmp(bytes, magic, sizeof magic) != 0) {
        molt__coder_wrong(coder, "it does not begin as it should");
        return;
    }
    memcpy(&all, coder->bytes + size - TRAILER, sizeof all);
    memcpy(&told, coder->bytes + size - sizeof told, sizeof told);
    for (uint64_t at = 0, end = size - sizeof told; at < end; at += PIECE)
        hash = hash_on(hash, coder->bytes + at, end - at < PIECE ? end - at : PIECE);
    molt__coder_check(coder, all == size, "it has another size than it says");
    molt__coder_check(coder, told == hash, "the checksum does not match");
    molt__coder_check(coder, (uintptr_t)bytes % sizeof(uint64_t) == 0, "it lies askew");
    coder->size = size - TRAILER;
    coder->at = sizeof magic;
}

const void *molt__code_view(MoltCoder *coder, uint64_t size)
{
    if (!molt__coder_check(coder, size <= coder->size - coder->at, "it ends too early"))
        return NULL;
    const void *view = coder->bytes + coder->at;
    coder->at += size;
    return size > 0 ? view : NULL;
}

void *molt__code_table(MoltCoder *coder, uint64_t count, uint64_t size)
{
    uint64_t bytes = 0;
    if (!molt__coder_good(coder) || count == 0)
        return NULL;
    void *table = __builtin_mul_overflow(count, size, &bytes)
                      ? NULL
                      : coder->allocator.resize(coder->allocator.context, NULL, 0, bytes);
    if (table)
        memset(table, 0, bytes);
    else
        molt__coder_starve(coder);
    return table;
}

void molt__code_free(const MoltCoder *coder, void *table, uint64_t count, uint64_t size)
{
    if (table)
        coder->allocator.resize(coder->allocator.context, table, count * size, 0);
}

/* ---- both ------------------------------------------------------------------------------------ */

void molt__code_bytes(MoltCoder *coder, void *value, uint64_t size)
{
    if (!molt__coder_reads(coder)) {
        put(coder, value, size);
        return;
    }
    const void *view = molt__code_view(coder, size);
    if (view)
        memcpy(value, view, size);
    else if (size > 0)
        memset(value, 0, size);
}

void molt__code_bool(MoltCoder *coder, bool *value)
{
    uint8_t byte = *value;
    molt__code_u8(coder, &byte);
    molt__coder_check(coder, byte <= 1, "something is neither true nor false");
    *value = molt__coder_good(coder) && byte == 1;
}

void molt__code_count(MoltCoder *coder, uint64_t *count, uint64_t each)
{
    molt__code_u64(coder, count);
    if (molt__coder_reads(coder) &&
        !molt__coder_check(coder, *count <= (coder->size - coder->at) / each,
                           "more is announced than there is"))
        *count = 0;
}

void molt__code_count32(MoltCoder *coder, uint32_t *count, uint64_t each)
{
    uint64_t wide = *count;
    molt__code_count(coder, &wide, each);
    molt__coder_check(coder, wide <= UINT32_MAX, "more is announced than there is");
    *count = molt__coder_good(coder) ? (uint32_t)wide : 0;
}

void molt__code_align(MoltCoder *coder)
{
    unsigned char zeros[sizeof(uint64_t)] = {0};
    molt__code_bytes(coder, zeros, -coder->at % sizeof zeros);
}
