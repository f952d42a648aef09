#include "together.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "output.h"

/* A line for each source, those of a group behind each other:
 *
 *   molt-together 1
 *   <number of the group> <digest of the prelude> <path>
 */
#define FIRST_LINE "molt-together 1\n"

static const char *file_name(const MoltPreludes *preludes)
{
    return molt__arena_format(preludes->cache->arena, "%s/together", preludes->cache->folder);
}

void molt__together_forget(const MoltPreludes *preludes)
{
    unlink(file_name(preludes));
}

/* ---- reading --------------------------------------------------------------------------------- */

static long index_of(const MoltJointSource *sources, uint32_t count, const char *path)
{
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(sources[i].path, path) == 0) {
            return (long)i;
        }
    }
    return -1;
}

int *molt__together_read(const MoltPreludes *preludes, const MoltJointSource *sources,
                         uint32_t count)
{
    MoltArena *arena = preludes->cache->arena;
    size_t length = 0;
    int *groups = molt__arena_alloc(arena, count * sizeof *groups);
    for (uint32_t i = 0; i < count; i++) {
        groups[i] = -1;
    }
    char *at = molt__output_read(arena, file_name(preludes), &length);
    if (at == NULL || strncmp(at, FIRST_LINE, strlen(FIRST_LINE)) != 0) {
        return groups;
    }
    at += strlen(FIRST_LINE);
    for (char *end; (end = strchr(at, '\n')) != NULL; at = end + 1) {
        *end = '\0';
        char *word = NULL;
        long group = strtol(at, &word, 10);
        unsigned long long digest = strtoull(word, &word, 16);
        long source = *word == ' ' ? index_of(sources, count, word + 1) : -1;
        if (source >= 0 && group >= 0 && group <= (long)count + 65536 &&
            sources[source].prelude->digest == digest) {
            groups[source] = (int)group;
        }
    }
    return groups;
}

/* ---- trying ---------------------------------------------------------------------------------- */

typedef struct Making {
    MoltPreludes *preludes;
    const MoltJointSource *sources;
    const MoltUnitDesc *descs;
    uint32_t count;
    int *groups;
    int group_count;
} Making;

/* The sources of a group, and `more` (-1: none) at their end; their indices go to `indices`. */
static MoltJointSource *members_of(const Making *making, int group, long more, uint32_t *indices,
                                   uint32_t *count)
{
    MoltArena *arena = making->preludes->cache->arena;
    MoltJointSource *members = molt__arena_alloc(arena, making->count * sizeof *members);
    *count = 0;
    for (uint32_t i = 0; i < making->count; i++) {
        if (making->groups[i] == group || (long)i == more) {
            indices[*count] = i;
            members[(*count)++] = making->sources[i];
        }
    }
    return members;
}

static bool takes(Making *making, int group, uint32_t source)
{
    uint32_t count = 0;
    MoltArena *arena = making->preludes->cache->arena;
    uint32_t *indices = molt__arena_alloc(arena, making->count * sizeof *indices);
    MoltJointSource *members = members_of(making, group, (long)source, indices, &count);
    MoltJoint joint = {0};
    bool good = true;
    for (uint32_t i = 0; i < count && good; i++) {
        good = indices[i] == source ||
               molt__joint_fits(making->preludes, &members[i], &making->sources[source]);
    }
    good = good && molt__joint_open(&joint, making->preludes, members, count);
    molt__joint_close(&joint);
    return good;
}

static const char *read_unit(MoltArena *arena, MoltUnitDesc desc, const MoltTranslationUnit *whole)
{
    MoltDiagnostics ignored = {.arena = arena};
    MoltUnit unit = {0};
    desc.whole = whole;
    desc.strict = true;
    const char *text = molt__unit_from_source(&ignored, &desc, &unit)
                           ? molt__unit_write(arena, &unit, NULL)
                           : NULL;
    molt__unit_release(&unit);
    return text;
}

/* Those that give another unit leave the group. */
static void try_group(Making *making, int group)
{
    uint32_t count = 0;
    MoltArena *arena = making->preludes->cache->arena;
    uint32_t *indices = molt__arena_alloc(arena, making->count * sizeof *indices);
    MoltJointSource *members = members_of(making, group, -1, indices, &count);
    MoltJoint joint;
    bool good = molt__joint_open(&joint, making->preludes, members, count);
    for (uint32_t i = 0; i < count && count > 1; i++) {
        const MoltUnitDesc *desc = &making->descs[indices[i]];
        const char *alone = read_unit(arena, *desc, NULL);
        const char *within = good ? read_unit(arena, *desc, &joint.unit) : NULL;
        if (alone == NULL || within == NULL || strcmp(alone, within) != 0) {
            making->groups[indices[i]] = making->group_count++;
        }
    }
    molt__joint_close(&joint);
}

static void find_groups(Making *making)
{
    for (uint32_t i = 0; i < making->count; i++) {
        making->groups[i] = -1;
    }
    for (uint32_t i = 0; i < making->count; i++) {
        int group = 0;
        while (group < making->group_count && !takes(making, group, i)) {
            group++;
        }
        making->groups[i] = group;
        making->group_count += group == making->group_count;
    }
    for (int group = 0, tried = making->group_count; group < tried; group++) {
        try_group(making, group);
    }
}

/* None of the files has changed since. */
static bool is_settled(const Making *making, struct timespec started)
{
    for (uint32_t i = 0; i < making->count; i++) {
        const MoltInclusions *files = &making->sources[i].prelude->files;
        for (uint32_t k = 0; k < files->count; k++) {
            struct stat file;
            if (stat(files->items[k].path, &file) != 0 ||
                !molt__unit_cache_settled(file.st_mtim, started)) {
                return false;
            }
        }
    }
    return true;
}

static void store(const Making *making)
{
    MoltText text = {.arena = making->preludes->cache->arena};
    const char *error = NULL;
    molt__text_add(&text, FIRST_LINE);
    for (uint32_t i = 0; i < making->count; i++) {
        if (strchr(making->sources[i].path, '\n') == NULL) {
            molt__text_add(&text, "%d %" PRIx64 " %s\n", making->groups[i],
                           making->sources[i].prelude->digest, making->sources[i].path);
        }
    }
    const MoltOutput output = {file_name(making->preludes), text.bytes};
    molt__output_write(text.arena, &output, 1, &error);
}

void molt__together_make(MoltPreludes *preludes, const MoltJointSource *sources,
                         const MoltUnitDesc *descs, uint32_t count)
{
    Making making = {.preludes = preludes, .sources = sources, .descs = descs, .count = count};
    struct timespec started;
    bool known = true;
    clock_gettime(CLOCK_REALTIME, &started);
    making.groups = molt__together_read(preludes, sources, count);
    for (uint32_t i = 0; i < count; i++) {
        known = known && making.groups[i] >= 0;
    }
    if (known) {
        return;
    }
    find_groups(&making);
    if (is_settled(&making, started)) {
        store(&making);
    }
}
