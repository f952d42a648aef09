/* Memory of one run of the generator: everything is allocated, nothing is freed until the end. It
 * must never know what it holds. When memory is out the process ends with a message: the generator
 * writes its outputs beside the old ones and renames last, so nothing half-made can stay behind. */
#ifndef MOLT_CODEGEN_ARENA_H
#define MOLT_CODEGEN_ARENA_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

typedef struct MoltArena MoltArena;

MoltArena *molt__arena_create(void);
void molt__arena_destroy(MoltArena *arena); /* NULL allowed */

/* Zeroed bytes, aligned for any type; size 0 gives a valid pointer too. */
void *molt__arena_alloc(MoltArena *arena, size_t size);

/* Copies of text; `length` excludes the NUL that is appended. */
char *molt__arena_copy(MoltArena *arena, const char *text, size_t length);
char *molt__arena_format(MoltArena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
char *molt__arena_format_list(MoltArena *arena, const char *format, va_list list);

/* Room for one more item in an array of `count` items: the array itself or a larger copy of it. */
void *molt__arena_grow(MoltArena *arena, void *items, uint32_t count, uint32_t *capacity,
                       size_t item_size);

#endif
