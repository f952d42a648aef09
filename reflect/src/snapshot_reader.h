/* A snapshot file that is open, shared by what checks its tables (snapshot_file_open.c) and what makes
 * a heap of it (snapshot_file_load.c).
 *
 * Invariant: once the file is open every number in it but the content of blocks has been checked: the
 * contents of all spans fill the sections PAGES and PACKED exactly, counts fit capacities, symbols
 * exist. Nothing was allocated that is larger than a small multiple of the file. */
#ifndef MOLT_SNAPSHOT_READER_H
#define MOLT_SNAPSHOT_READER_H

#include "snapshot_symbols.h"

/* Bytes of address space for each symbol where there is no library. */
#define MOLT__FILE_CODE_STEP 16u

typedef struct MoltFileSpanPlace {
    MoltSpan shape; /* sizes, type, first_serial and live; no tables */
    uint64_t position, content;
    uint64_t offset;             /* of the content in its section */
    const unsigned char *blocks; /* live bits, then counts; may be unaligned */
} MoltFileSpanPlace;

struct MoltSnapshotFile {
    MoltAllocator allocator;
    char *name; /* for messages */
    int fd;     /* -1: in memory */
    const unsigned char *memory;
    uint64_t size;
    bool trusted;
    MoltFileHeader header;
    uint64_t begins[MOLT__FILE_SECTION_COUNT + 1];
    unsigned char *tables; /* the sections from TYPES on */
    uint64_t tables_size;
    MoltSchema *schema;
    uint64_t *serials; /* per type: of the next block */
    MoltFileSpanPlace *spans;
    uint64_t span_count;
    uint64_t position; /* behind the last span */
    MoltFileTarget *symbols;
    uint64_t symbol_count;
    uint64_t slot_count;
    const unsigned char *host;
    size_t host_size;
    char version[24];
    MoltCodeMap code; /* begin == end: not made */
};

/* MOLT_INVALID with file, section and offset. */
MoltStatus molt__file_damaged(const MoltSnapshotFile *file, MoltFileSection section,
                              uint64_t offset, MoltError *error, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* Reads from the file; MOLT_SYSTEM, or MOLT_INVALID where it ends before. */
MoltStatus molt__file_read(const MoltSnapshotFile *file, uint64_t offset, void *to, uint64_t size,
                           MoltError *error);
MoltFileSlot molt__file_slot(const MoltSnapshotFile *file, uint64_t index);

static inline const unsigned char *molt__file_section(const MoltSnapshotFile *file,
                                                      MoltFileSection section)
{
    return file->tables + (file->begins[section] - file->begins[MOLT__FILE_TYPES]);
}

#endif
