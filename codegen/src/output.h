/* Files that the generator writes: text grows in memory, and a file is replaced as a whole and only
 * when its content differs, so that build tools see what really changed. It must never know what
 * the text means. */
#ifndef MOLT_CODEGEN_OUTPUT_H
#define MOLT_CODEGEN_OUTPUT_H

#include <stdbool.h>

#include "arena.h"

typedef struct MoltText {
    MoltArena *arena;
    char *bytes; /* NUL-terminated; NULL while empty */
    size_t length, capacity;
} MoltText;

void molt__text_add(MoltText *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The text as a C string literal with its quotes; every byte survives, none can form a trigraph. */
void molt__text_add_literal(MoltText *text, const char *value);

/* Whole file in memory, NUL-terminated; NULL (errno set) when it cannot be read. */
char *molt__output_read(MoltArena *arena, const char *path, size_t *length);

typedef struct MoltOutput {
    const char *path, *content;
} MoltOutput;

/* The same of what an output replaces; NULL also when that is no file, as a device, whose content may have
 * no end, or standard output. */
char *molt__output_before(MoltArena *arena, const char *path, size_t *length);

/* Replaces all files or, when one cannot be written, as few as the system allows: all new contents
 * are there before the first is renamed in. A link stays one, a device or a pipe is written to as it
 * is, and "-" is standard output, written last. False with *error set on failure. */
bool molt__output_write(MoltArena *arena, const MoltOutput *outputs, uint32_t count,
                        const char **error);

/* Creates the file or gives it the time of now. False when that fails. */
bool molt__output_stamp(const char *path);

/* A make rule "target: files..." as compilers write with -MD. */
const char *molt__output_depfile(MoltArena *arena, const char *target, const char *const *files,
                                 uint32_t count);

#endif
