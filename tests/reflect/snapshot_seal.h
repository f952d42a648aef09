/* Makes the checksums of a changed snapshot right again, so that a test gets to what comes after
 * them. It must never know what a test changed. */
#ifndef MOLT_TEST_SNAPSHOT_SEAL_H
#define MOLT_TEST_SNAPSHOT_SEAL_H

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "snapshot_format.h"

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

#endif
