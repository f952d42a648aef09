/* What pointers into a library mean, in a file: functions and objects by name, text as text. Symbols
 * are known by their bytes, so that equal ones are one. It must never know heaps or where pointers to
 * them are. */
#ifndef MOLT_SNAPSHOT_SYMBOLS_H
#define MOLT_SNAPSHOT_SYMBOLS_H

#include "molt/code_map.h"
#include "snapshot_format.h"

/* Bytes that grow. Failure is sticky. */
typedef struct MoltFileBytes {
    MoltAllocator allocator;
    unsigned char *bytes;
    uint64_t size, capacity;
    bool failed;
} MoltFileBytes;

/* Room for `size` more, zeroed; NULL when memory is out. */
unsigned char *molt__file_bytes_add(MoltFileBytes *bytes, uint64_t size);
void molt__file_bytes_free(MoltFileBytes *bytes);

/* ---- writing: zeroed but for the allocator */

typedef struct MoltSymbolWriter {
    MoltAllocator allocator;
    MoltFileBytes records;
    uint64_t *slots;     /* hash table: where in records a symbol begins, plus one; 0: none */
    uint32_t *numbers;   /* per slot: index of the symbol */
    uint64_t slot_count; /* a power of two */
    uint32_t count;
    bool failed;
} MoltSymbolWriter;

/* Index of the symbol; `value` are the bytes pointed at in DATA, where they have to stay equal. */
uint32_t molt__file_symbols_add(MoltSymbolWriter *writer, const MoltCodeTarget *target,
                                const void *value, uint32_t value_size);
uint32_t molt__file_symbols_add_string(MoltSymbolWriter *writer, const char *text, size_t size);
/* Of a whole record, which begins with the symbol: its texts with their NULs follow, then its bytes. */
uint64_t molt__file_symbol_size(const MoltFileSymbol *symbol);
void molt__file_symbols_writer_free(MoltSymbolWriter *writer);

/* ---- reading */

typedef struct MoltFileTarget {
    uint32_t kind;         /* MoltCodeKind or MOLT__FILE_STRING */
    MoltCodeTarget target; /* strings and value in the section's bytes */
    uintptr_t address;     /* the loader's */
} MoltFileTarget;

/* Parses a section of `size` bytes, a multiple of 8. On MOLT_INVALID *offset is where and *what says
 * what. The targets are the caller's to free, `count` in number. */
MoltStatus molt__file_symbols_parse(const unsigned char *bytes, uint64_t size,
                                    const MoltAllocator *allocator, MoltFileTarget **out,
                                    uint64_t *count, uint64_t *offset, const char **what);

#endif
