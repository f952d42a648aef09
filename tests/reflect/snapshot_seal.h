/* Makes the checksums of a changed snapshot right again, so that a test gets to what comes after
 * them. It must never know what a test changed. */
#ifndef MOLT_TEST_SNAPSHOT_SEAL_H
#define MOLT_TEST_SNAPSHOT_SEAL_H

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "snapshot_format.h"
#include "tables.h"

/* Where a section begins by the sizes in the header; SIZE_MAX when it does not fit `size` bytes. */
static inline size_t section_begin(const unsigned char *bytes, size_t size, int section)
{
    MoltFileHeader header;
    if (size < sizeof header)
        return SIZE_MAX;
    memcpy(&header, bytes, sizeof header);
    uint64_t at = header.size;
    for (int s = 0; s < section && at <= size; s++) {
        if (header.sections[s].size > size)
            return SIZE_MAX;
        at += header.sections[s].size;
    }
    return at <= size ? (size_t)at : SIZE_MAX;
}

static inline void seal(unsigned char *bytes, size_t size)
{
    MoltFileHeader header;
    if (size < sizeof header)
        return;
    memcpy(&header, bytes, sizeof header);
    for (int s = 0; s < MOLT__FILE_SECTION_COUNT; s++) {
        size_t begin = section_begin(bytes, size, s);
        if (begin != SIZE_MAX && header.sections[s].size <= size - begin)
            header.sections[s].hash = XXH3_64bits(bytes + begin, (size_t)header.sections[s].size);
    }
    header.hash = 0;
    memcpy(bytes, &header, sizeof header);
    if (header.size <= size)
        header.hash = XXH3_64bits(bytes, header.size);
    memcpy(bytes, &header, sizeof header);
}

/* Everything of the header that a mutation would only break; the host's section takes what is left. */
static inline void mend(unsigned char *bytes, size_t size)
{
    MoltFileHeader header;
    memcpy(&header, bytes, sizeof header);
    memcpy(header.magic, MOLT__FILE_MAGIC, sizeof header.magic);
    header.abi = molt__own_abi();
    header.format = MOLT__FILE_FORMAT;
    memset(header.version, 0, sizeof header.version);
    header.base = MOLT__FILE_BASE;
    header.file_size = size;
    header.size = header.sections[MOLT__FILE_PAGES].size > 0 ? (uint32_t)MOLT__FILE_PAGE
                                                             : MOLT__FILE_HEADER_SMALL;
    memcpy(bytes, &header, sizeof header);
    size_t host = section_begin(bytes, size, MOLT__FILE_HOST);
    if (host != SIZE_MAX)
        header.sections[MOLT__FILE_HOST].size = size - host;
    memcpy(bytes, &header, sizeof header);
    seal(bytes, size);
}

#endif
