/* userfaultfd with asynchronous write protection, and PAGEMAP_SCAN, which tells and protects in one
 * step. Both came with Linux 6.7; the headers of many systems are older than their kernels, so what is
 * missing there is spelled out here. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* syscall */
#endif

#include "dirty_pages.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif
#define FEATURE_WP_UNPOPULATED ((uint64_t)1 << 13)
#define FEATURE_WP_ASYNC ((uint64_t)1 << 15)

typedef struct Stretch {
    uint64_t begin, end, categories;
} Stretch;

/* struct pm_scan_arg of the kernel */
typedef struct Scan {
    uint64_t size, flags, begin, end, walked, stretches, stretch_count, pages_max;
    uint64_t inverted, mask, any_of, wanted;
} Scan;

#define SCAN _IOWR('f', 16, Scan)
#define SCAN_PROTECT ((uint64_t)1 << 0)     /* PM_SCAN_WP_MATCHING */
#define SCAN_CHECK_ASYNC ((uint64_t)1 << 1) /* PM_SCAN_CHECK_WPASYNC */
#define PAGE_WRITTEN ((uint64_t)1 << 1)     /* PAGE_IS_WRITTEN */

enum { STRETCHES = 512 };

void molt__dirty_pages_close(MoltDirtyPages *pages)
{
    if (pages->faults >= 0)
        close(pages->faults);
    if (pages->pagemap >= 0)
        close(pages->pagemap);
    *pages = MOLT__DIRTY_PAGES_CLOSED;
}

bool molt__dirty_pages_open(MoltDirtyPages *pages, uintptr_t base, uint64_t bytes)
{
    *pages = MOLT__DIRTY_PAGES_CLOSED;
    struct uffdio_api api = {.api = UFFD_API,
                             .features = FEATURE_WP_UNPOPULATED | FEATURE_WP_ASYNC};
    struct uffdio_register range = {.range = {.start = base, .len = bytes},
                                    .mode = UFFDIO_REGISTER_MODE_WP};
    /* Asynchronous faults are the kernel's own business, so user mode alone is enough, which needs no
     * privilege. */
    pages->faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);
    pages->pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    pages->base = base;
    pages->bytes = bytes;
    if (pages->faults >= 0 && pages->pagemap >= 0 && ioctl(pages->faults, UFFDIO_API, &api) == 0 &&
        ioctl(pages->faults, UFFDIO_REGISTER, &range) == 0)
        return true;
    molt__dirty_pages_close(pages);
    return false;
}

void molt__dirty_pages_expect(const MoltDirtyPages *pages, uintptr_t begin, uintptr_t end)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    struct uffdio_writeprotect range = {.range = {.start = begin & ~(page - 1)}, .mode = 0};
    if (begin < pages->base || end > pages->base + pages->bytes || begin >= end)
        return;
    range.range.len = ((end + page - 1) & ~(page - 1)) - range.range.start;
    /* without it each page has its fault */
    (void)ioctl(pages->faults, UFFDIO_WRITEPROTECT, &range);
}

static bool visit_written(const MoltDirtyPages *pages, uint64_t flags, uint64_t first,
                          uint64_t last,
                          void (*visit)(void *context, uintptr_t begin, uintptr_t end),
                          void *context)
{
    Stretch stretches[STRETCHES];
    uint64_t at = pages->base + first;
    uint64_t end = pages->base + (last < pages->bytes ? last : pages->bytes);
    while (at < end) {
        Scan scan = {.size = sizeof scan,
                     .flags = flags,
                     .begin = at,
                     .end = end,
                     .stretches = (uintptr_t)stretches,
                     .stretch_count = STRETCHES,
                     .mask = PAGE_WRITTEN,
                     .wanted = PAGE_WRITTEN};
        int count = ioctl(pages->pagemap, SCAN, &scan);
        if (count < 0 || scan.walked <= at)
            return false;
        for (int i = 0; i < count; i++)
            visit(context, (uintptr_t)stretches[i].begin, (uintptr_t)stretches[i].end);
        at = scan.walked;
    }
    return true;
}

bool molt__dirty_pages_take(const MoltDirtyPages *pages, uint64_t first, uint64_t last,
                            void (*visit)(void *context, uintptr_t begin, uintptr_t end),
                            void *context)
{
    return visit_written(pages, SCAN_PROTECT | SCAN_CHECK_ASYNC, first, last, visit, context);
}

bool molt__dirty_pages_look(const MoltDirtyPages *pages, uint64_t first, uint64_t last,
                            void (*visit)(void *context, uintptr_t begin, uintptr_t end),
                            void *context)
{
    return visit_written(pages, SCAN_CHECK_ASYNC, first, last, visit, context);
}
