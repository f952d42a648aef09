/* The sample game as one plain executable: without Molt, on libc's memory. Prints the user time of so many
 * frames in nanoseconds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <molt/molt.h>

#include "measurement.h"
#include "stage.h"

/* In front of each block, which stays aligned as malloc aligns it. */
typedef union Header {
    struct {
        size_t count, size; /* elements, and bytes of one */
    } is;
    max_align_t align;
} Header;

static Header *header_of(const void *block)
{
    return (Header *)(uintptr_t)block - 1;
}

static void *create(const MoltHeapApi *api, const MoltSite *site, size_t count)
{
    (void)api;
    Header *header = calloc(1, sizeof *header + count * site->size);
    if (!header)
        return NULL;
    header->is.count = count;
    header->is.size = site->size;
    return header + 1;
}

static void *resize(const MoltHeapApi *api, void *block, size_t count)
{
    (void)api;
    Header *header = header_of(block);
    size_t before = header->is.count, size = header->is.size;
    header = realloc(header, sizeof *header + count * size);
    if (!header)
        return NULL;
    header->is.count = count;
    if (count > before)
        memset((char *)(header + 1) + before * size, 0, (count - before) * size);
    return header + 1;
}

static void destroy(const MoltHeapApi *api, void *block)
{
    (void)api;
    if (block)
        free(header_of(block));
}

static char *duplicate(const MoltHeapApi *api, const char *text)
{
    const MoltSite site = {.size = 1};
    char *copy = create(api, &site, strlen(text) + 1);
    return copy ? strcpy(copy, text) : NULL;
}

static size_t count_of(const MoltHeapApi *api, const void *block)
{
    (void)api;
    return header_of(block)->is.count;
}

static const MoltHeapApi heap = {.size = sizeof heap,
                                 .create = create,
                                 .resize = resize,
                                 .destroy = destroy,
                                 .duplicate = duplicate,
                                 .count = count_of};
const MoltHeapApi *molt__heap = &heap;

int main(int argc, char **argv)
{
    unsigned long before = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
    unsigned long frames = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    if (frames == 0) {
        fputs("usage: molt-bench-plain FRAMES-BEFORE FRAMES\n", stderr);
        return 2;
    }
    bench_stage_now.visible = true;
    void *state = start_up(&bench_stage);
    bool ok = state != NULL;
    uint64_t started = 0;
    for (unsigned long i = 0; ok && i < before + frames; i++) {
        if (i == before)
            started = bench_user_time();
        ok = main_loop(state);
        bench_stage_now.frames++;
    }
    if (!ok)
        return EXIT_FAILURE;
    printf("%llu\n", (unsigned long long)(bench_user_time() - started));
    shut_down(state);
    return EXIT_SUCCESS;
}
