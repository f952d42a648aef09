/* The layout of snapshot files, which docs/snapshot-format.md describes. It must never know how a file
 * is written or read.
 *
 *   | header | pages | packed | types | spans | blocks | roots | symbols | code | schema | host |
 *
 * Sections follow each other without gaps, so that nothing is said twice: a section begins where the
 * one before ends, and where a span's content lies follows from the spans before it. All numbers are
 * of the ABI that the header names. */
#ifndef MOLT_SNAPSHOT_FORMAT_H
#define MOLT_SNAPSHOT_FORMAT_H

#include "heap_span.h"
#include "molt/snapshot_file.h"

#define MOLT__FILE_FORMAT 1u
#define MOLT__FILE_MAGIC "\x89MOLT\r\n\x1a"
/* What pointers in a file are relative to: where heaps are, unless something is in their way. */
#define MOLT__FILE_BASE ((uint64_t)0x200000000000)
#define MOLT__FILE_PAGE ((uint64_t)4096)
/* A span with fewer bytes of content shares pages with others. */
#define MOLT__FILE_PAGED MOLT__GRANULE
#define MOLT__FILE_HEADER_SMALL 256u

/* X(name, word in messages) */
#define MOLT__FILE_SECTIONS(X)                                                                     \
    X(PAGES, "pages")     /* content of large spans, each on pages of its own */                   \
    X(PACKED, "packed")   /* content of small spans */                                             \
    X(TYPES, "types")     /* MoltFileType[], by type */                                            \
    X(SPANS, "spans")     /* MoltFileSpan[], by type and serial */                                 \
    X(BLOCKS, "blocks")   /* per span: live bits, then the counts of the live blocks */            \
    X(ROOTS, "roots")     /* uint64_t[], an address or 0 for each root of the schema */            \
    X(SYMBOLS, "symbols") /* what pointers outside the heap mean, by name */                       \
    X(CODE, "code")       /* MoltFileSlot[], pointers that mean a symbol */                        \
    X(SCHEMA, "schema")   /* JSON, NUL-terminated */                                               \
    X(HOST, "host")       /* uint64_t size, then that many bytes of the host */

typedef enum MoltFileSection {
#define X(name, word) MOLT__FILE_##name,
    MOLT__FILE_SECTIONS(X)
#undef X
    MOLT__FILE_SECTION_COUNT
} MoltFileSection;

typedef struct MoltFileSectionRow {
    uint64_t size; /* bytes; a multiple of 8 */
    uint64_t hash; /* XXH3, 64 bit */
} MoltFileSectionRow;

/* Begins a region of `size` bytes that is zero behind it. */
typedef struct MoltFileHeader {
    unsigned char magic[8];
    MoltAbi abi;         /* single bytes, readable on every machine */
    uint32_t format;     /* MOLT__FILE_FORMAT */
    uint32_t size;       /* a page when there are pages, else MOLT__FILE_HEADER_SMALL */
    uint16_t version[4]; /* of the Molt that wrote it: major, minor, patch, 0 */
    uint64_t file_size;
    uint64_t base; /* address that pointers in the file are relative to */
    MoltFileSectionRow sections[MOLT__FILE_SECTION_COUNT];
    uint64_t hash; /* of the region, with this as 0 */
} MoltFileHeader;

typedef struct MoltFileType {
    uint32_t type;
    uint32_t reserved;
    uint64_t serial; /* of the next block */
} MoltFileType;

typedef struct MoltFileSpan {
    uint32_t type, blocks;
    uint64_t capacity, first_serial;
    uint32_t align; /* least alignment of its blocks beside their type's; 0: none */
    uint32_t reserved;
} MoltFileSpan;

typedef struct MoltFileSlot {
    uint64_t position; /* of the pointer, from the base on */
    uint32_t symbol;
    uint32_t reserved;
} MoltFileSlot;

/* MoltCodeKind, and then: */
enum { MOLT__FILE_STRING = 3 }; /* text that each of its pointers has a copy of, on the heap */

/* Followed by file, name and bytes, each with a NUL (bytes: none), up to a multiple of 8. */
typedef struct MoltFileSymbol {
    uint32_t kind;
    uint32_t file_length, name_length; /* without the NUL */
    uint32_t byte_count;               /* text with its NUL; of DATA the value pointed at, or 0 */
    uint64_t offset;                   /* DATA: of the value in the object */
    uint64_t size;                     /* DATA: of the object; 0: not known */
} MoltFileSymbol;

const char *molt__file_section_word(MoltFileSection section);

/* Content of a span in a file: from its start to the end of the last live block. */
static inline uint64_t molt__file_content(const MoltSpan *span, uint64_t last, uint64_t count)
{
    uint64_t size = last * span->stride + molt__span_bytes(span, count);
    uint64_t unit = size >= MOLT__FILE_PAGED ? MOLT__FILE_PAGE : 8;
    return (size + unit - 1) / unit * unit;
}

#endif
