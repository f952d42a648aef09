#include "source_changes.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xxhash.h>

#include "clock.h"

/* Larger ones are no sources: any change of theirs counts. */
#define CONTENT_MOST ((size_t)4 << 20)
#define FILES_MOST 4096u
#define OWN_MOST 64u
/* Builds in a row that wrote a file, after which the next one for it alone waits, twice as long each time,
 * and after which it is taken for a file of theirs. Whoever saves in such a pause begins anew: no burst of
 * saves is mistaken for a build. */
#define STREAK_CALM 5u
#define STREAK_OWN 9u
#define HOLD_LEAST_NS (500 * MOLT__MILLISECOND)
/* The same for builds that changed nothing, of files that do not look like sources. */
#define VAIN_LEAST_NS (1000 * MOLT__MILLISECOND)
#define VAIN_MOST_NS (60000 * MOLT__MILLISECOND)

typedef struct ChangedFile {
    char *path;
    uint64_t content;    /* hash of it when it changed last; 0: not known */
    uint64_t changed_ns; /* when that was */
    bool source;         /* looks like one, or was asked for by name */
    bool asks;           /* the next build is for it */
    bool built;          /* the one under way is */
    bool during;         /* that one, or somebody meanwhile, wrote it; until the next begins */
    bool made;           /* a build wrote it as it was: most likely they do whenever it changes */
    bool of_build;       /* each build writes it: then it is a change only between two of them */
    uint32_t streak;     /* builds in a row during which it was written */
    uint32_t vain;       /* builds in a row for it that changed nothing in the library */
} ChangedFile;

struct MoltSourceChanges {
    char *library; /* name without folder */
    ChangedFile *files;
    size_t count, capacity;
    char *own[OWN_MOST]; /* canonical; the oldest goes first */
    size_t own_count;
    uint64_t ended_ns; /* the last build */
    bool complete;     /* nobody ended it */
    char told[512], telling[512]; /* what waits to be told; "" */
};

/* ---- files ----------------------------------------------------------------------------------- */

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* What compilers read, and what says how to call them. */
static bool looks_like_source(const char *path)
{
    static const char *const ends[] = {
        "c",   "h",   "i",   "inc", "inl", "def", "x",     "s",    "S",     "asm", "y",  "l",
        "cc",  "cpp", "cxx", "hh",  "hpp", "hxx", "cmake", "mk",   "make",  "sh",  "py", "pl",
        "m",   "lds", "ld",  "map", "rc",  "tbl", "ninja", "build"};
    static const char *const names[] = {"CMakeLists.txt", "Makefile", "makefile", "GNUmakefile"};
    const char *name = name_of(path), *dot = strrchr(name, '.');
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    for (size_t i = 0; dot != NULL && i < sizeof ends / sizeof *ends; i++) {
        if (strcmp(dot + 1, ends[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* What the generator writes says so where it begins. */
static bool is_generated(const unsigned char *bytes, size_t size)
{
    static const char *const starts[] = {"/* Written by molt-codegen", "{\n  \"molt_schema\":"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        if (size >= strlen(starts[i]) && memcmp(bytes, starts[i], strlen(starts[i])) == 0) {
            return true;
        }
    }
    return false;
}

static uint64_t read_content(const char *path, bool *generated)
{
    struct stat info;
    uint64_t hash = 0;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    unsigned char *bytes = NULL;
    if (file < 0 || fstat(file, &info) != 0 || !S_ISREG(info.st_mode) ||
        (uint64_t)info.st_size > CONTENT_MOST) {
        goto cleanup;
    }
    size_t size = (size_t)info.st_size;
    bytes = malloc(size + 1);
    if (bytes != NULL && read(file, bytes, size + 1) == (ssize_t)size) {
        hash = XXH3_64bits(bytes, size);
        hash += hash == 0;
        *generated = is_generated(bytes, size);
    }
cleanup:
    free(bytes);
    if (file >= 0) {
        close(file);
    }
    return hash;
}

/* The path with its folder resolved, but not the file itself, which may be a link; NULL: no such folder. */
static char *canonical(const char *path)
{
    char folder[PATH_MAX];
    const char *name = name_of(path);
    int length = (int)(name - path);
    if (snprintf(folder, sizeof folder, "%.*s", length > 0 ? length : 2, length > 0 ? path : "./") >=
        (int)sizeof folder) {
        return NULL;
    }
    char *resolved = realpath(folder, NULL);
    size_t size = resolved != NULL ? strlen(resolved) + strlen(name) + 2 : 0;
    char *whole = resolved != NULL ? malloc(size) : NULL;
    if (whole != NULL) {
        snprintf(whole, size, "%s/%s", resolved, name);
    }
    free(resolved);
    return whole;
}

/* One that is not known yet is added; NULL when there are too many, or no memory. */
static ChangedFile *find(MoltSourceChanges *changes, const char *path, bool named)
{
    for (size_t i = 0; i < changes->count; i++) {
        if (strcmp(changes->files[i].path, path) == 0) {
            return &changes->files[i];
        }
    }
    if (changes->count == changes->capacity) {
        size_t capacity = changes->capacity != 0 ? 2 * changes->capacity : 16;
        ChangedFile *files = capacity <= FILES_MOST
                                 ? realloc(changes->files, capacity * sizeof *files)
                                 : NULL;
        if (files == NULL) {
            return NULL;
        }
        changes->files = files;
        changes->capacity = capacity;
    }
    ChangedFile *file = &changes->files[changes->count];
    *file = (ChangedFile){.path = strdup(path), .source = named || looks_like_source(path)};
    changes->count += file->path != NULL;
    return file->path != NULL ? file : NULL;
}

/* ---- what is asked for ------------------------------------------------------------------------- */

/* How long after the last build one for this file alone begins. */
static uint64_t hold_of(const ChangedFile *file)
{
    if (file->streak >= STREAK_CALM) {
        return HOLD_LEAST_NS << (file->streak - STREAK_CALM);
    }
    if (file->source || file->vain == 0) {
        return 0;
    }
    uint64_t hold = file->vain < 7 ? VAIN_LEAST_NS << (file->vain - 1) : VAIN_MOST_NS;
    return hold < VAIN_MOST_NS ? hold : VAIN_MOST_NS;
}

static bool is_own(const MoltSourceChanges *changes, const char *path)
{
    size_t length = strlen(changes->library);
    const char *name = name_of(path);
    const char *dot = strrchr(name, '.');
    if (strncmp(name, changes->library, length) == 0 && (name[length] == 0 || name[length] == '.')) {
        return true;
    }
    if (dot != NULL && strcmp(dot, ".molt") == 0) {
        return true; /* saves, which every host writes */
    }
    char *whole = changes->own_count > 0 ? canonical(path) : NULL;
    bool found = false;
    for (size_t i = 0; whole != NULL && i < changes->own_count; i++) {
        size_t end = strlen(changes->own[i]);
        found = found || (strncmp(changes->own[i], whole, end) == 0 &&
                          (whole[end] == 0 || whole[end] == '/'));
    }
    free(whole);
    return found;
}

static void give_to_build(MoltSourceChanges *changes, ChangedFile *file)
{
    file->of_build = true;
    file->asks = false;
    file->streak = 0;
    snprintf(changes->told, sizeof changes->told,
             "Each build writes %.300s anew: that starts no other one from now on.", file->path);
}

MoltChangeUse molt__source_changes_take(MoltSourceChanges *changes, const char *path, bool named,
                                        bool during)
{
    if (is_own(changes, path)) {
        return MOLT__CHANGE_NONE;
    }
    bool generated = false;
    uint64_t content = read_content(path, &generated);
    if (generated) {
        return MOLT__CHANGE_NONE;
    }
    ChangedFile *file = find(changes, path, named);
    if (file == NULL) {
        return MOLT__CHANGE_SAVED;
    }
    uint64_t now = molt__clock_ns();
    bool same = content != 0 && content == file->content;
    if (now - file->changed_ns > 10 * hold_of(file)) {
        file->vain = 0; /* as people save */
    }
    file->content = content;
    file->changed_ns = now;
    if (during && same && file->streak > 0) { /* a build wrote it, as the one before did */
        file->during = file->made = true;
        return MOLT__CHANGE_NONE;
    }
    if (!during) {
        file->streak = 0;
    } else if (!file->during) {
        file->during = true;
        file->streak += !file->of_build;
    }
    if (file->streak >= STREAK_OWN) {
        give_to_build(changes, file);
    }
    if (during && file->of_build) {
        return MOLT__CHANGE_NONE;
    }
    file->asks = true;
    bool waits = !file->source || file->streak >= STREAK_CALM || (during && file->made);
    return waits ? MOLT__CHANGE_WAITS : MOLT__CHANGE_SAVED;
}

void molt__source_changes_begin(MoltSourceChanges *changes)
{
    for (size_t i = 0; i < changes->count; i++) {
        ChangedFile *file = &changes->files[i];
        if (!file->during && changes->complete) { /* the last one did not write it */
            file->streak = 0;
            file->of_build = false;
        }
        file->built = file->built || file->asks;
        file->asks = file->during = false;
    }
}

static void count_vain(MoltSourceChanges *changes, MoltBuildEnd end)
{
    bool sources = false;
    for (size_t i = 0; i < changes->count; i++) {
        sources = sources || (changes->files[i].built && changes->files[i].source);
    }
    for (size_t i = 0; i < changes->count; i++) {
        ChangedFile *file = &changes->files[i];
        if (file->built && end == MOLT__BUILD_MADE) {
            file->vain = 0;
        } else if (file->built && !sources) {
            file->vain++;
        }
        file->built = false;
    }
}

const char *molt__source_changes_end(MoltSourceChanges *changes, MoltBuildEnd end)
{
    changes->ended_ns = molt__clock_ns();
    changes->complete = end != MOLT__BUILD_OVERTAKEN;
    if (changes->complete) {
        count_vain(changes, end);
    }
    if (end < MOLT__BUILD_VAIN || changes->told[0] == 0) {
        return NULL;
    }
    memcpy(changes->telling, changes->told, sizeof changes->telling);
    changes->told[0] = 0;
    return changes->telling;
}

bool molt__source_changes_ask(const MoltSourceChanges *changes)
{
    for (size_t i = 0; i < changes->count; i++) {
        if (changes->files[i].asks) {
            return true;
        }
    }
    return false;
}

uint64_t molt__source_changes_hold_ns(const MoltSourceChanges *changes)
{
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i < changes->count; i++) {
        uint64_t hold = changes->files[i].asks ? hold_of(&changes->files[i]) : UINT64_MAX;
        least = hold < least ? hold : least;
    }
    return least == UINT64_MAX || least == 0 ? 0 : changes->ended_ns + least;
}

/* ---- the whole --------------------------------------------------------------------------------- */

MoltStatus molt__source_changes_create(const char *library, MoltSourceChanges **out,
                                       MoltError *error)
{
    MoltSourceChanges *changes = calloc(1, sizeof *changes);
    if (changes == NULL || (changes->library = strdup(name_of(library))) == NULL) {
        free(changes);
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to watch the sources.");
    }
    *out = changes;
    return MOLT_OK;
}

void molt__source_changes_destroy(MoltSourceChanges *changes)
{
    if (changes == NULL) {
        return;
    }
    for (size_t i = 0; i < changes->count; i++) {
        free(changes->files[i].path);
    }
    for (size_t i = 0; i < changes->own_count; i++) {
        free(changes->own[i]);
    }
    free(changes->files);
    free(changes->library);
    free(changes);
}

void molt__source_changes_own(MoltSourceChanges *changes, const char *path)
{
    char *whole = canonical(path);
    for (size_t i = 0; whole != NULL && i < changes->own_count; i++) {
        if (strcmp(changes->own[i], whole) == 0) {
            free(whole);
            return;
        }
    }
    if (whole == NULL) {
        return;
    }
    if (changes->own_count == OWN_MOST) {
        free(changes->own[0]);
        memmove(changes->own, changes->own + 1, (OWN_MOST - 1) * sizeof *changes->own);
        changes->own_count--;
    }
    changes->own[changes->own_count++] = whole;
}
