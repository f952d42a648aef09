#include "unit_cache.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "output.h"
#include "path.h"

/* Beside NAME.unit.json stands NAME.inputs: a line for the format, one for the generator and the
 * command, and one for each file that was read:
 *
 *   molt-inputs 1
 *   1700000000.123456789 842152 /usr/bin/molt-codegen <base> <directory> <flags...>
 *   1700000000.123456789 2048 /home/me/game/colony.h
 */
#define FIRST_LINE "molt-inputs 1"

/* File systems take the time of a write from a clock that ticks this coarsely. */
enum { TICK_NANOSECONDS = 20 * 1000 * 1000 };

const char *molt__unit_cache_file(const MoltUnitCache *cache, const char *source,
                                  const char *ending)
{
    const char *recorded = molt__path_recorded(cache->arena, cache->base, source);
    char *name = molt__arena_copy(cache->arena, recorded, strlen(recorded));
    for (char *c = name; *c != '\0'; c++) {
        *c = *c == '/' ? '-' : *c;
    }
    return molt__arena_format(cache->arena, "%s/%s.%s", cache->folder, name, ending);
}

/* The line of a file as it is now; NULL when it is gone. */
static const char *file_line(MoltArena *arena, const char *path, struct timespec *changed)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        return NULL;
    }
    *changed = status.st_mtim;
    return molt__arena_format(arena, "%lld.%09ld %lld %s", (long long)status.st_mtim.tv_sec,
                              status.st_mtim.tv_nsec, (long long)status.st_size, path);
}

const char *molt__unit_cache_key(const MoltUnitCache *cache, const MoltCommand *command)
{
    struct timespec changed;
    const char *self = file_line(cache->arena, "/proc/self/exe", &changed);
    MoltText text = {.arena = cache->arena};
    molt__text_add(&text, "%s %s %s", self == NULL ? "" : self, cache->base, command->directory);
    for (uint32_t i = 0; i < command->count; i++) {
        molt__text_add(&text, "\t%s", command->flags[i]);
    }
    for (uint32_t i = 0; i < cache->known_count; i++) {
        molt__text_add(&text, "\t--known %s", cache->known[i]);
    }
    return strchr(text.bytes, '\n') != NULL ? NULL : text.bytes;
}

/* Cuts the next line off *at; NULL at the end. */
static char *next_line(char **at)
{
    char *line = *at, *end = strchr(line, '\n');
    if (end == NULL) {
        return NULL;
    }
    *end = '\0';
    *at = end + 1;
    return line;
}

/* True when all files are as they were; their names go to `out`. */
static bool files_unchanged(const MoltUnitCache *cache, char *at, MoltUnit *out)
{
    uint32_t capacity = 0;
    for (char *line = next_line(&at); line != NULL; line = next_line(&at)) {
        struct timespec changed;
        const char *path = strchr(line, '/');
        const char *now = path == NULL ? NULL : file_line(cache->arena, path, &changed);
        if (now == NULL || strcmp(now, line) != 0) {
            return false;
        }
        out->files = molt__arena_grow(cache->arena, out->files, out->file_count, &capacity,
                                      sizeof *out->files);
        out->files[out->file_count++] = path;
    }
    return out->file_count > 0;
}

/* Reads a unit's file. `inputs`: the text of the file beside it. */
static bool read_unit(const MoltUnitCache *cache, const char *path, const char *inputs, MoltUnit *out,
                      bool *kept)
{
    struct stat file;
    const MoltUnit *known = NULL;
    if (cache->memory != NULL && stat(path, &file) == 0) {
        known = molt__unit_memory_find(cache->memory, path, &file, inputs);
    }
    *kept = known != NULL;
    if (known != NULL) {
        *out = *known;
        return true;
    }
    MoltDiagnostics ignored = {.arena = cache->arena};
    return molt__unit_read(&ignored, path, out);
}

bool molt__unit_cache_load(const MoltUnitCache *cache, const char *source,
                           const MoltCommand *command, MoltUnit *out, bool *kept)
{
    size_t length = 0;
    MoltUnit inputs = {0};
    char *at = molt__output_read(cache->arena, molt__unit_cache_file(cache, source, "inputs"),
                                 &length);
    const char *key = molt__unit_cache_key(cache, command);
    if (at == NULL || key == NULL) {
        return false;
    }
    const char *text = molt__arena_copy(cache->arena, at, length);
    const char *first = next_line(&at);
    const char *second = first == NULL ? NULL : next_line(&at);
    if (second == NULL || strcmp(first, FIRST_LINE) != 0 || strcmp(second, key) != 0 ||
        !files_unchanged(cache, at, &inputs)) {
        return false;
    }
    if (!read_unit(cache, molt__unit_cache_file(cache, source, "unit.json"), text, out, kept)) {
        return false;
    }
    /* Two sources may share a name in the folder. */
    if (strcmp(out->source, source) != 0) {
        if (!*kept) {
            molt__unit_release(out);
        }
        *kept = false;
        return false;
    }
    out->files = inputs.files;
    out->file_count = inputs.file_count;
    return true;
}

void molt__unit_cache_keep(const MoltUnitCache *cache, const char *source)
{
    MoltArena *arena = molt__arena_create();
    MoltDiagnostics ignored = {.arena = arena};
    MoltUnit unit = {0};
    struct stat before, after;
    size_t length = 0;
    const char *path = molt__unit_cache_file(cache, source, "unit.json");
    const char *inputs =
        molt__output_read(arena, molt__unit_cache_file(cache, source, "inputs"), &length);
    if (inputs != NULL && stat(path, &before) == 0 &&
        molt__unit_memory_find(cache->memory, path, &before, inputs) == NULL &&
        molt__unit_read(&ignored, path, &unit) && stat(path, &after) == 0 &&
        after.st_ino == before.st_ino) {
        molt__unit_memory_keep(cache->memory, path, &before, inputs, &unit, arena);
        return;
    }
    molt__unit_release(&unit);
    molt__arena_destroy(arena);
}

bool molt__unit_cache_settled(struct timespec changed, struct timespec started)
{
    struct timespec limit = started;
    limit.tv_nsec -= TICK_NANOSECONDS;
    if (limit.tv_nsec < 0) {
        limit.tv_nsec += 1000000000;
        limit.tv_sec--;
    }
    return changed.tv_sec < limit.tv_sec ||
           (changed.tv_sec == limit.tv_sec && changed.tv_nsec < limit.tv_nsec);
}

void molt__unit_cache_store(const MoltUnitCache *cache, const MoltUnit *unit,
                            const MoltCommand *command, struct timespec started)
{
    MoltText text = {.arena = cache->arena};
    const char *key = molt__unit_cache_key(cache, command), *error = NULL;
    bool settled = key != NULL;
    molt__text_add(&text, FIRST_LINE "\n%s\n", key == NULL ? "" : key);
    for (uint32_t i = 0; i < unit->file_count + cache->known_count && settled; i++) {
        struct timespec changed = {0};
        const char *path =
            i < unit->file_count ? unit->files[i] : cache->known[i - unit->file_count];
        const char *line = file_line(cache->arena, path, &changed);
        settled = line != NULL && strchr(line, '\n') == NULL &&
                  molt__unit_cache_settled(changed, started);
        molt__text_add(&text, "%s\n", line == NULL ? "" : line);
    }
    const char *content = molt__unit_write(cache->arena, unit, NULL);
    if (content == NULL) {
        return;
    }
    const MoltOutput outputs[] = {
        {molt__unit_cache_file(cache, unit->source, "unit.json"), content},
        {molt__unit_cache_file(cache, unit->source, "inputs"),
         settled ? text.bytes : FIRST_LINE "\n"},
    };
    molt__output_write(cache->arena, outputs, 2, &error);
}
