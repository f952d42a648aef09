/* What a snapshot file cannot keep: addresses in bytes and in memory without a type. They would go into it
 * as they are, and nothing would turn them. It must never know how files are written. */
#ifndef MOLT_SNAPSHOT_BYTES_H
#define MOLT_SNAPSHOT_BYTES_H

#include "heap_span.h"
#include "molt/code_map.h"
#include "molt/snapshot_file.h"
#include "pool_blocks.h"
#include "snapshot_findings.h"

/* Refuses by a finding for each place, but for those of `pools`, whose pointers are known; or puts them
 * aside where `desc` says so. `code` may be NULL; *object numbers the objects counted. False when memory is
 * out. */
bool molt__snapshot_bytes_check(const MoltHeap *heap, const MoltPoolBlocks *pools,
                                const MoltCodeMap *code, const MoltSaveDesc *desc,
                                MoltFileFindings *findings, uint64_t *object);

#endif
