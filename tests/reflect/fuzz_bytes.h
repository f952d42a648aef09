/* A fuzzer's bytes as they are taken, and files of bytes that a run begins with. It must never know what they
 * mean. */
#ifndef MOLT_TEST_FUZZ_BYTES_H
#define MOLT_TEST_FUZZ_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes that never end: those of the input, then numbers that follow from them. */
typedef struct FuzzBytes {
    const uint8_t *at, *end;
    uint64_t more;
} FuzzBytes;

static inline uint8_t fuzz_byte(FuzzBytes *bytes)
{
    if (bytes->at < bytes->end) {
        bytes->more = (bytes->more ^ *bytes->at) * 0x100000001b3u;
        return *bytes->at++;
    }
    bytes->more = bytes->more * 6364136223846793005u + 1442695040888963407u;
    return (uint8_t)(bytes->more >> 56);
}

/* The next `size` bytes of the input itself; zeros behind its end. */
static inline void fuzz_take(FuzzBytes *bytes, void *out, size_t size)
{
    size_t there = (size_t)(bytes->end - bytes->at);
    memset(out, 0, size);
    memcpy(out, bytes->at, there < size ? there : size);
    bytes->at += there < size ? there : size;
}

/* Those up to the next NUL, or up to the end. The NUL is taken, too, and is not among them. */
static inline const char *fuzz_text_up_to_nul(FuzzBytes *bytes, size_t *length)
{
    const uint8_t *begin = bytes->at, *nul = memchr(begin, 0, (size_t)(bytes->end - begin));
    *length = (size_t)((nul ? nul : bytes->end) - begin);
    bytes->at = nul ? nul + 1 : bytes->end;
    return (const char *)begin;
}

/* ---- seeds ----------------------------------------------------------------------------------- */

static inline void fuzz_chance(uint64_t *chance, uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        *chance = *chance * 6364136223846793005u + 1442695040888963407u;
        bytes[i] = (uint8_t)(*chance >> 56);
    }
}

static inline void fuzz_write_seed(const char *folder, const char *name, int number,
                                   const void *bytes, size_t size)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s-%d", folder, name, number);
    FILE *file = fopen(path, "w");
    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0) {
        fprintf(stderr, "cannot write %s\n", path);
        exit(1);
    }
}

/* Reads a file; how many bytes it took. */
static inline size_t fuzz_read_file(const char *path, void *out, size_t room)
{
    FILE *file = fopen(path, "r");
    size_t length = file ? fread(out, 1, room, file) : 0;
    if (!file || fclose(file) != 0 || length == 0 || length == room) {
        fprintf(stderr, "cannot read %s\n", path);
        exit(1);
    }
    return length;
}

#endif
