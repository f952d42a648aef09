#include "prelude.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output.h"

/* NAME.prelude, beside NAME.unit.json:
 *
 *   molt-prelude 1
 *   <key of the cache> <variables that compilers look at>
 *   <set of system headers, or "-">
 *   g <digest of its directives> <times> <direct> <line of what it came by, from 0, or -1> <path>
 *   s 0 ...
 *
 * with a line for each file in the order of its first inclusion. SET.files has a line for each
 * system header:
 *
 *   <device>:<inode>:<time>:<size> <path>
 */
#define FIRST_LINE "molt-prelude 1"
#define SET_START "system-"

typedef struct MoltScannedFile {
    const char *path, *identity;
    MoltDirectives directives;
} MoltScannedFile;

typedef struct MoltSystemSet {
    const char *name;
    bool holds; /* all its headers are as they were */
} MoltSystemSet;

/* What tells that a file is still the one it was; NULL when it is gone. */
static const char *identity_of(MoltArena *arena, const char *path)
{
    struct stat file;
    if (stat(path, &file) != 0) {
        return NULL;
    }
    return molt__arena_format(arena, "%llu:%llu:%lld.%09ld:%lld", (unsigned long long)file.st_dev,
                              (unsigned long long)file.st_ino, (long long)file.st_mtim.tv_sec,
                              file.st_mtim.tv_nsec, (long long)file.st_size);
}

static const char *key_of(const MoltPreludes *preludes, const MoltCommand *command)
{
    static const char *const variables[] = {"CPATH", "C_INCLUDE_PATH"};
    const char *key = molt__unit_cache_key(preludes->cache, command);
    for (size_t i = 0; key != NULL && i < sizeof variables / sizeof *variables; i++) {
        const char *value = getenv(variables[i]);
        key = molt__arena_format(preludes->cache->arena, "%s\t%s=%s", key, variables[i],
                                 value == NULL ? "" : value);
    }
    return key == NULL || strchr(key, '\n') != NULL ? NULL : key;
}

const MoltDirectives *molt__prelude_directives(MoltPreludes *preludes, const char *path)
{
    MoltArena *arena = preludes->cache->arena;
    const char *identity = identity_of(arena, path);
    size_t length = 0;
    for (uint32_t i = 0; identity != NULL && i < preludes->scanned_count; i++) {
        const MoltScannedFile *file = &preludes->scanned[i];
        if (strcmp(file->path, path) == 0 && strcmp(file->identity, identity) == 0) {
            return &file->directives;
        }
    }
    const char *text = identity == NULL ? NULL : molt__output_read(arena, path, &length);
    if (text == NULL) {
        return NULL;
    }
    preludes->scanned = molt__arena_grow(arena, preludes->scanned, preludes->scanned_count,
                                         &preludes->scanned_capacity, sizeof *preludes->scanned);
    MoltScannedFile *file = &preludes->scanned[preludes->scanned_count++];
    *file = (MoltScannedFile){.path = path, .identity = identity};
    molt__directives_read(arena, text, length, &file->directives);
    return &file->directives;
}

/* ---- sets ------------------------------------------------------------------------------------ */

const char *molt__prelude_file(const MoltPreludes *preludes, const char *set, const char *ending)
{
    return molt__arena_format(preludes->cache->arena, "%s/%s.%s", preludes->cache->folder, set,
                              ending);
}

/* The text of SET.files as it would be now. */
static const char *list_headers(const MoltPreludes *preludes, const MoltInclusions *files)
{
    MoltText text = {.arena = preludes->cache->arena};
    molt__text_add(&text, "%s", "");
    for (uint32_t i = 0; i < files->count; i++) {
        const char *path = files->items[i].path;
        const char *identity = files->items[i].system ? identity_of(text.arena, path) : "";
        if (identity == NULL || strchr(path, '\n') != NULL) {
            return NULL;
        }
        if (files->items[i].system) {
            molt__text_add(&text, "%s %s\n", identity, path);
        }
    }
    return text.bytes;
}

static uint64_t hash(uint64_t seed, const char *text)
{
    for (; *text != '\0'; text++) {
        seed = (seed ^ (unsigned char)*text) * 0x100000001b3u;
    }
    return seed * 31;
}

const char *molt__prelude_set(MoltPreludes *preludes, const MoltCommand *command,
                              const MoltInclusions *files, const char *includes)
{
    const char *key = key_of(preludes, command), *list = list_headers(preludes, files);
    if (key == NULL || list == NULL) {
        return NULL;
    }
    uint64_t one = hash(hash(hash(0xcbf29ce484222325u, key), list), includes);
    uint64_t other = hash(hash(hash(0x9e3779b97f4a7c15u, includes), list), key);
    return molt__arena_format(preludes->cache->arena, SET_START "%016" PRIx64 "%016" PRIx64, one,
                              other);
}

static MoltSystemSet *find_set(const MoltPreludes *preludes, const char *name)
{
    for (uint32_t i = 0; i < preludes->set_count; i++) {
        if (strcmp(preludes->sets[i].name, name) == 0) {
            return &preludes->sets[i];
        }
    }
    return NULL;
}

/* What was found out about a set, also when it was looked at before. */
static const MoltSystemSet *keep_set(MoltPreludes *preludes, const char *name, bool holds)
{
    MoltSystemSet *known = find_set(preludes, name);
    if (known != NULL) {
        known->holds = holds;
        return known;
    }
    preludes->sets = molt__arena_grow(preludes->cache->arena, preludes->sets, preludes->set_count,
                                      &preludes->set_capacity, sizeof *preludes->sets);
    preludes->sets[preludes->set_count] = (MoltSystemSet){name, holds};
    return &preludes->sets[preludes->set_count++];
}

/* All files of the set are there: whoever deletes or makes them may have been killed half-way. */
static bool is_whole(const MoltPreludes *preludes, const char *name)
{
    return access(molt__prelude_file(preludes, name, "h"), R_OK) == 0 &&
           access(molt__prelude_file(preludes, name, "pch"), R_OK) == 0 &&
           access(molt__prelude_file(preludes, name, "names"), R_OK) == 0;
}

/* All headers are the ones that the set was made of. */
static bool set_holds(MoltPreludes *preludes, const char *name, const MoltInclusions *files)
{
    const MoltSystemSet *known = find_set(preludes, name);
    if (known == NULL) {
        size_t length = 0;
        const char *now = list_headers(preludes, files);
        const char *then = molt__output_read(preludes->cache->arena,
                                             molt__prelude_file(preludes, name, "files"), &length);
        known = keep_set(preludes, name,
                         now != NULL && then != NULL && strcmp(now, then) == 0 &&
                             is_whole(preludes, name));
    }
    return known->holds;
}

/* ---- which prelude a source has -------------------------------------------------------------- */

static char *cut_line(char **at)
{
    char *line = *at, *end = strchr(line, '\n');
    if (end == NULL) {
        return NULL;
    }
    *end = '\0';
    *at = end + 1;
    return line;
}

static char *cut_word(char **at)
{
    char *word = *at, *end = strchr(word, ' ');
    if (end == NULL) {
        return NULL;
    }
    *end = '\0';
    *at = end + 1;
    return word;
}

/* One line of a file; false when the file has other directives now, or the line is damaged. */
static bool read_line(MoltPreludes *preludes, char *line, MoltInclusions *out)
{
    const char *words[5];
    for (int i = 0; i < 5; i++) {
        words[i] = cut_word(&line);
        if (words[i] == NULL) {
            return false;
        }
    }
    MoltInclusion file = {.path = line,
                          .system = words[0][0] == 's',
                          .times = (uint32_t)strtoul(words[2], NULL, 10),
                          .direct = words[3][0] == '1'};
    long by = strtol(words[4], NULL, 10);
    if (by >= (long)out->count) {
        return false;
    }
    file.by = by < 0 ? NULL : out->items[by].path;
    out->items = molt__arena_grow(preludes->cache->arena, out->items, out->count, &out->capacity,
                                  sizeof *out->items);
    out->items[out->count++] = file;
    if (file.system) {
        return true;
    }
    const MoltDirectives *now = molt__prelude_directives(preludes, file.path);
    return now != NULL && now->digest == strtoull(words[1], NULL, 16);
}

MoltPreludeState molt__prelude_find(MoltPreludes *preludes, const char *source,
                                    const MoltCommand *command, MoltPrelude *out)
{
    const MoltUnitCache *cache = preludes->cache;
    size_t length = 0;
    MoltInclusions files = {0};
    char *at =
        molt__output_read(cache->arena, molt__unit_cache_file(cache, source, "prelude"), &length);
    uint64_t digest = at == NULL ? 0 : hash(0xcbf29ce484222325u, at);
    const char *first = at == NULL ? NULL : cut_line(&at);
    const char *key = first == NULL ? NULL : cut_line(&at);
    const char *set = key == NULL ? NULL : cut_line(&at);
    const char *now = set == NULL ? NULL : key_of(preludes, command);
    if (now == NULL || strcmp(first, FIRST_LINE) != 0 || strcmp(now, key) != 0) {
        return MOLT_PRELUDE_UNKNOWN;
    }
    for (char *line = cut_line(&at); line != NULL; line = cut_line(&at)) {
        if (!read_line(preludes, line, &files)) {
            return MOLT_PRELUDE_UNKNOWN;
        }
    }
    if (files.count == 0 || strcmp(files.items[0].path, source) != 0) {
        return MOLT_PRELUDE_UNKNOWN;
    }
    if (strcmp(set, "-") == 0) {
        return MOLT_PRELUDE_NONE;
    }
    if (!set_holds(preludes, set, &files)) {
        return MOLT_PRELUDE_UNKNOWN;
    }
    *out = (MoltPrelude){molt__prelude_file(preludes, set, "pch"), files, digest};
    return MOLT_PRELUDE_FOUND;
}

static long line_of(const MoltInclusions *files, const char *path)
{
    for (uint32_t i = 0; path != NULL && i < files->count; i++) {
        if (strcmp(files->items[i].path, path) == 0) {
            return (long)i;
        }
    }
    return -1;
}

bool molt__prelude_store(MoltPreludes *preludes, const char *source, const MoltCommand *command,
                         const MoltInclusions *files, const char *set)
{
    const MoltUnitCache *cache = preludes->cache;
    MoltText text = {.arena = cache->arena};
    const char *key = key_of(preludes, command), *error = NULL;
    if (key == NULL) {
        return false;
    }
    molt__text_add(&text, FIRST_LINE "\n%s\n%s\n", key, set == NULL ? "-" : set);
    for (uint32_t i = 0; i < files->count; i++) {
        const MoltInclusion *file = &files->items[i];
        const MoltDirectives *directives =
            file->system ? NULL : molt__prelude_directives(preludes, file->path);
        if ((!file->system && directives == NULL) || strchr(file->path, '\n') != NULL) {
            return false;
        }
        molt__text_add(&text, "%c %" PRIx64 " %" PRIu32 " %d %ld %s\n", file->system ? 's' : 'g',
                       file->system ? 0 : directives->digest, file->times, file->direct,
                       line_of(files, file->by), file->path);
    }
    const char *headers = list_headers(preludes, files);
    if (headers == NULL) {
        return false;
    }
    const MoltOutput outputs[] = {
        {molt__unit_cache_file(cache, source, "prelude"), text.bytes},
        {set == NULL ? NULL : molt__prelude_file(preludes, set, "files"), headers},
    };
    if (!molt__output_write(cache->arena, outputs, set == NULL ? 1 : 2, &error)) {
        return false;
    }
    if (set != NULL) {
        keep_set(preludes, set, true);
    }
    return true;
}

/* A file of a set that was looked at, and nothing half-made. */
static bool is_kept(const MoltPreludes *preludes, const char *name)
{
    static const char *const endings[] = {".h", ".pch", ".files", ".names"};
    const char *dot = strchr(name, '.');
    bool known = false, kept = false;
    for (size_t i = 0; dot != NULL && i < sizeof endings / sizeof *endings; i++) {
        known = known || strcmp(dot, endings[i]) == 0;
    }
    for (uint32_t i = 0; known && i < preludes->set_count && !kept; i++) {
        const MoltSystemSet *set = &preludes->sets[i];
        size_t length = (size_t)(dot - name);
        kept = set->holds && strlen(set->name) == length && strncmp(set->name, name, length) == 0;
    }
    return kept;
}

void molt__preludes_sweep(const MoltPreludes *preludes)
{
    DIR *folder = opendir(preludes->cache->folder);
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        if (strncmp(entry->d_name, SET_START, strlen(SET_START)) == 0 &&
            !is_kept(preludes, entry->d_name)) {
            unlinkat(dirfd(folder), entry->d_name, 0);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
}
