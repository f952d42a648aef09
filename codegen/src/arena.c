#include "arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_SIZE = 64 * 1024, ALIGNMENT = 16 };

typedef struct Chunk {
    struct Chunk *next;
    size_t used, size;
    _Alignas(ALIGNMENT) unsigned char bytes[];
} Chunk;

struct MoltArena {
    Chunk *chunks;
};

static void out_of_memory(void)
{
    fputs("molt-codegen: out of memory\n", stderr);
    exit(1);
}

MoltArena *molt__arena_create(void)
{
    MoltArena *arena = calloc(1, sizeof *arena);
    if (arena == NULL) {
        out_of_memory();
    }
    return arena;
}

void molt__arena_destroy(MoltArena *arena)
{
    if (arena == NULL) {
        return;
    }
    while (arena->chunks != NULL) {
        Chunk *next = arena->chunks->next;
        free(arena->chunks);
        arena->chunks = next;
    }
    free(arena);
}

void *molt__arena_alloc(MoltArena *arena, size_t size)
{
    if (size > SIZE_MAX / 2) {
        out_of_memory();
    }
    size = (size + ALIGNMENT) & ~(size_t)(ALIGNMENT - 1);
    Chunk *chunk = arena->chunks;
    if (chunk == NULL || chunk->size - chunk->used < size) {
        size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;
        chunk = calloc(1, sizeof *chunk + room);
        if (chunk == NULL) {
            out_of_memory();
        }
        chunk->size = room;
        chunk->next = arena->chunks;
        arena->chunks = chunk;
    }
    void *block = chunk->bytes + chunk->used;
    chunk->used += size;
    return block;
}

char *molt__arena_copy(MoltArena *arena, const char *text, size_t length)
{
    char *copy = molt__arena_alloc(arena, length + 1);
    memcpy(copy, text, length);
    return copy;
}

char *molt__arena_format_list(MoltArena *arena, const char *format, va_list list)
{
    va_list measured;
    va_copy(measured, list);
    int length = vsnprintf(NULL, 0, format, measured);
    va_end(measured);
    if (length < 0) {
        out_of_memory();
    }
    char *text = molt__arena_alloc(arena, (size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, list);
    return text;
}

char *molt__arena_format(MoltArena *arena, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    char *text = molt__arena_format_list(arena, format, list);
    va_end(list);
    return text;
}

void *molt__arena_grow(MoltArena *arena, void *items, uint32_t count, uint32_t *capacity,
                       size_t item_size)
{
    if (count < *capacity) {
        return items;
    }
    if (count > UINT32_MAX / 4) {
        out_of_memory();
    }
    uint32_t larger = count == 0 ? 8 : count * 2;
    void *copy = molt__arena_alloc(arena, (size_t)larger * item_size);
    if (count > 0) {
        memcpy(copy, items, (size_t)count * item_size);
    }
    *capacity = larger;
    return copy;
}
