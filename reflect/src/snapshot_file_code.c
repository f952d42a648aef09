/* Names for the pointers of a state that was loaded without a library: each symbol gets an address in a
 * range that is reserved and cannot be read. */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, MAP_NORESERVE */
#endif

#include <sys/mman.h>

#include "snapshot_reader.h"

static bool describe(void *context, uintptr_t address, MoltCodeTarget *out)
{
    const MoltSnapshotFile *file = context;
    uint64_t index = (address - file->code.begin) / MOLT__FILE_CODE_STEP;
    if (index >= file->symbol_count || (address - file->code.begin) % MOLT__FILE_CODE_STEP != 0)
        return false;
    *out = file->symbols[index].target;
    return true;
}

static uintptr_t resolve(void *context, const MoltCodeTarget *target)
{
    const MoltSnapshotFile *file = context;
    for (uint64_t i = 0; i < file->symbol_count; i++) {
        const MoltCodeTarget *known = &file->symbols[i].target;
        if (known->kind == target->kind && known->name == target->name &&
            known->bytes == target->bytes)
            return file->code.begin + i * MOLT__FILE_CODE_STEP;
    }
    return 0;
}

const MoltCodeMap *molt_snapshot_file_code(MoltSnapshotFile *file)
{
    if (file->code.begin == file->code.end) {
        size_t size = (size_t)(file->symbol_count + 1) * MOLT__FILE_CODE_STEP;
        void *range =
            mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (range == MAP_FAILED)
            return NULL;
        file->code = (MoltCodeMap){.context = file,
                                   .begin = (uintptr_t)range,
                                   .end = (uintptr_t)range + size,
                                   .describe = describe,
                                   .resolve = resolve,
                                   .stays = true};
    }
    return &file->code;
}
