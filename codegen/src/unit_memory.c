#include "unit_memory.h"

#include <stdlib.h>
#include <string.h>

/* Everything in `arena`, also the texts. */
typedef struct MoltKeptUnit {
    const char *path, *inputs;
    struct stat file;
    MoltUnit unit;
    MoltArena *arena;
} MoltKeptUnit;

/* A file is replaced by renaming another one into its place, which has an inode of its own; the rest is for
 * inodes that come again. */
static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static MoltKeptUnit *find(const MoltUnitMemory *memory, const char *path)
{
    for (uint32_t i = 0; i < memory->count; i++) {
        if (strcmp(memory->items[i].path, path) == 0) {
            return &memory->items[i];
        }
    }
    return NULL;
}

const MoltUnit *molt__unit_memory_find(const MoltUnitMemory *memory, const char *path,
                                       const struct stat *file, const char *inputs)
{
    const MoltKeptUnit *kept = find(memory, path);
    bool same = kept != NULL && same_file(&kept->file, file) && strcmp(kept->inputs, inputs) == 0;
    return same ? &kept->unit : NULL;
}

void molt__unit_memory_keep(MoltUnitMemory *memory, const char *path, const struct stat *file,
                            const char *inputs, const MoltUnit *unit, MoltArena *arena)
{
    MoltKeptUnit *kept = find(memory, path);
    if (kept != NULL) {
        molt__unit_release(&kept->unit);
        molt__arena_destroy(kept->arena);
    } else {
        if (memory->count == memory->capacity) {
            uint32_t capacity = memory->capacity * 2 + 16;
            MoltKeptUnit *items = realloc(memory->items, capacity * sizeof *items);
            if (items == NULL) {
                MoltUnit unwanted = *unit;
                molt__unit_release(&unwanted);
                molt__arena_destroy(arena);
                return;
            }
            memory->items = items;
            memory->capacity = capacity;
        }
        kept = &memory->items[memory->count++];
    }
    *kept = (MoltKeptUnit){.path = molt__arena_copy(arena, path, strlen(path)),
                           .inputs = molt__arena_copy(arena, inputs, strlen(inputs)),
                           .file = *file,
                           .unit = *unit,
                           .arena = arena};
}
