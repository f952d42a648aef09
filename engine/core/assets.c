#include <molt/assets.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xxhash.h>

#include "clock.h"
#include "file_stamp.h"
#include "manifest.h"
#include "watch.h"

#define SIZE_MOST ((size_t)1 << 30)
#define PROBLEM_SIZE 512
#define LOOK_NS (300 * MOLT__MILLISECOND)

/* One content of a file. The game may look at it until the frame ends, so it goes to `retired` first. */
typedef struct Content {
    MoltAsset asset;
    unsigned char *bytes;
    struct Content *next; /* in MoltAssets.retired */
} Content;

/* Invariant: `current` was not refused; `previous` is what counts again when it is. A content is `fresh`
 * until the game has looked at it and has had the rest of that frame to refuse it. */
typedef struct Entry {
    char *path; /* as the game names it */
    char *file;
    Content *current, *previous; /* NULL: none */
    uint64_t refused;            /* version of the content that was refused last; 0: none */
    bool fresh, seen;
    bool had; /* a content, once */
    bool tells; /* `problem`, or a new content, waits to be told */
    bool gone;  /* no file is there, as was told, or is about to be when the next look finds none either */
    uint64_t refused_before; /* version that code before has refused, as `problem` says; 0: none */
    char problem[PROBLEM_SIZE];
} Entry;

struct MoltAssets {
    char *folder;
    MoltWatch *watch; /* NULL: the system cannot tell of changes */
    Entry **entries;  /* tags of the watch are their indices */
    size_t count, capacity;
    Content *retired;
    uint64_t look_ns; /* when it is looked next whether the files are there */
};

/* ---- contents ------------------------------------------------------------------------------ */

static void content_free(Content *content)
{
    if (content != NULL) {
        free(content->bytes);
        free(content);
    }
}

static void retire(MoltAssets *assets, Content *content)
{
    if (content != NULL) {
        content->next = assets->retired;
        assets->retired = content;
    }
}

static MoltStatus read_bytes(int file, unsigned char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t got = read(file, bytes, size);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return MOLT_INCOMPLETE;
        }
        bytes += got;
        size -= (size_t)got;
    }
    return MOLT_OK;
}

/* The whole file as it was at one moment: MOLT_INCOMPLETE when it changed meanwhile, and then its writer's
 * end is a change of its own. */
static MoltStatus read_file(const char *path, Content *content, MoltError *error)
{
    struct stat before, after;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    MoltStatus status = MOLT_OK;
    if (file < 0 || fstat(file, &before) != 0) {
        status = molt_error(error, errno == ENOENT ? MOLT_NOT_FOUND : MOLT_SYSTEM,
                            "it cannot be opened as %s: %s", path, strerror(errno));
        goto cleanup;
    }
    if (!S_ISREG(before.st_mode) || (uint64_t)before.st_size > SIZE_MOST) {
        status = molt_error(error, MOLT_INVALID, "%s is not a file, or is larger than 1 GiB", path);
        goto cleanup;
    }
    size_t size = (size_t)before.st_size;
    content->bytes = malloc(size + 1);
    if (content->bytes == NULL) {
        status = molt_error(error, MOLT_OUT_OF_MEMORY, "no memory for its %zu bytes", size);
        goto cleanup;
    }
    status = read_bytes(file, content->bytes, size);
    content->bytes[size] = 0;
    if (status == MOLT_OK && fstat(file, &after) == 0) {
        MoltFileStamp one = molt__file_stamp_of(&before), other = molt__file_stamp_of(&after);
        status = molt__file_stamp_equal(&one, &other) ? MOLT_OK : MOLT_INCOMPLETE;
    }
    if (status != MOLT_OK) {
        molt_error(error, status, "it changed while it was read");
        goto cleanup;
    }
    uint64_t version = XXH3_64bits(content->bytes, size);
    content->asset = (MoltAsset){content->bytes, size, version != 0 ? version : 1};
cleanup:
    if (file >= 0) {
        close(file);
    }
    return status;
}

/* ---- entries ------------------------------------------------------------------------------- */

static void entry_free(Entry *entry)
{
    if (entry != NULL) {
        content_free(entry->current);
        content_free(entry->previous);
        free(entry->path);
        free(entry->file);
        free(entry);
    }
}

static void say(Entry *entry, const char *problem)
{
    snprintf(entry->problem, sizeof entry->problem, "%.*s", (int)sizeof entry->problem - 1, problem);
    entry->tells = true;
}

/* Puts a new content in place. One that the game has refused already, or has, is none. */
static void take(MoltAssets *assets, Entry *entry)
{
    MoltError error = {0};
    Content *content = calloc(1, sizeof *content);
    MoltStatus status = content != NULL ? read_file(entry->file, content, &error)
                                        : molt_error(&error, MOLT_OUT_OF_MEMORY, "no memory");
    uint64_t version = status == MOLT_OK ? content->asset.version : 0;
    bool known = version == entry->refused ||
                 (entry->current != NULL && version == entry->current->asset.version);
    if (status != MOLT_OK || known) {
        content_free(content);
        if (status != MOLT_OK) {
            say(entry, error.text);
        } else if (version != entry->refused) {
            entry->refused = 0; /* what was refused is gone from the disk */
            if (entry->problem[0] != 0) {
                say(entry, "");
            }
        }
        return;
    }
    entry->gone = false;
    if (entry->fresh) { /* nobody has looked at it: what it would go back to is older */
        retire(assets, entry->current);
    } else {
        retire(assets, entry->previous);
        entry->previous = entry->current;
    }
    entry->current = content;
    entry->refused = 0;
    entry->fresh = entry->had = true;
    entry->seen = false;
}

static bool is_inside(const char *path)
{
    if (path[0] == 0 || path[0] == '/') {
        return false;
    }
    for (const char *at = path; at != NULL; at = strchr(at, '/')) {
        at += *at == '/';
        if (strncmp(at, "..", 2) == 0 && (at[2] == 0 || at[2] == '/')) {
            return false;
        }
    }
    return true;
}

static Entry *find(const MoltAssets *assets, const char *path)
{
    for (size_t i = 0; i < assets->count; i++) {
        if (strcmp(assets->entries[i]->path, path) == 0) {
            return assets->entries[i];
        }
    }
    return NULL;
}

static bool reserve(MoltAssets *assets)
{
    if (assets->count < assets->capacity) {
        return true;
    }
    size_t capacity = assets->capacity != 0 ? assets->capacity * 2 : 16;
    Entry **entries = realloc(assets->entries, capacity * sizeof *entries);
    if (entries == NULL) {
        return false;
    }
    assets->entries = entries;
    assets->capacity = capacity;
    return true;
}

/* NULL without memory: then the next call tries again. */
static Entry *add(MoltAssets *assets, const char *path)
{
    Entry *entry = calloc(1, sizeof *entry);
    size_t size = strlen(assets->folder) + strlen(path) + 2;
    if (entry == NULL || !reserve(assets) || (entry->path = strdup(path)) == NULL ||
        (entry->file = malloc(size)) == NULL) {
        entry_free(entry);
        return NULL;
    }
    snprintf(entry->file, size, "%s/%s", assets->folder, path);
    if (!is_inside(path)) {
        say(entry, "its path has to lie in the folder of the assets: no \"..\", and not absolute");
    } else {
        if (assets->watch != NULL) {
            molt__watch_add_file(assets->watch, entry->file, (int)assets->count, NULL);
        }
        take(assets, entry);
        entry->fresh = false; /* the first content is no news */
    }
    assets->entries[assets->count++] = entry;
    return entry;
}

/* ---- interface ----------------------------------------------------------------------------- */

/* The folder of a path, without its '/'; "." when it has none. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
}

static char *find_folder(const MoltAssetsDesc *desc)
{
    if (desc->folder != NULL) {
        return strdup(desc->folder);
    }
    char *folder = NULL;
    MoltManifest *manifest = NULL;
    size_t size = strlen(desc->library) + sizeof ".molt";
    char *path = malloc(size);
    if (path == NULL) {
        return NULL;
    }
    snprintf(path, size, "%s.molt", desc->library);
    if (molt__manifest_read(path, &manifest, NULL) == MOLT_OK && manifest->assets != NULL) {
        folder = strdup(manifest->assets);
    } else {
        folder = folder_of(desc->library);
    }
    molt__manifest_free(manifest);
    free(path);
    return folder;
}

MoltStatus molt_assets_create(const MoltAssetsDesc *desc, MoltAssets **out, MoltError *error)
{
    MoltAssets *assets = calloc(1, sizeof *assets);
    if (assets == NULL || (assets->folder = find_folder(desc)) == NULL) {
        free(assets);
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory for the game's assets.");
    }
    (void)molt__watch_create(0, &assets->watch, NULL); /* without one files are read once */
    *out = assets;
    return MOLT_OK;
}

void molt_assets_destroy(MoltAssets *assets)
{
    if (assets == NULL) {
        return;
    }
    for (size_t i = 0; i < assets->count; i++) {
        entry_free(assets->entries[i]);
    }
    while (assets->retired != NULL) {
        Content *content = assets->retired;
        assets->retired = content->next;
        content_free(content);
    }
    molt__watch_destroy(assets->watch);
    free(assets->entries);
    free(assets->folder);
    free(assets);
}

const MoltAsset *molt_assets_get(MoltAssets *assets, const char *path)
{
    Entry *entry = find(assets, path);
    if (entry == NULL) {
        entry = add(assets, path);
    }
    if (entry != NULL) {
        entry->seen = true;
    }
    return entry != NULL && entry->current != NULL ? &entry->current->asset : NULL;
}

void molt_assets_refuse(MoltAssets *assets, const char *path, const char *problem)
{
    Entry *entry = find(assets, path);
    if (entry == NULL || entry->current == NULL) {
        return;
    }
    /* new code may say the same of the same bytes */
    if (entry->current->asset.version != entry->refused_before ||
        strcmp(entry->problem, problem) != 0) {
        say(entry, problem);
    }
    entry->refused = entry->current->asset.version;
    entry->refused_before = 0;
    retire(assets, entry->current);
    entry->current = entry->previous;
    entry->previous = NULL;
    entry->fresh = false;
}

void molt_assets_ask_again(MoltAssets *assets)
{
    for (size_t i = 0; i < assets->count; i++) {
        Entry *entry = assets->entries[i];
        if (entry->refused != 0) {
            entry->refused_before = entry->refused;
            entry->refused = 0;
            take(assets, entry);
        }
    }
}

/* Nothing tells of a file that goes. Editors and version control put another one in its place soon, so only
 * one that two looks do not find is told. */
static void look_for_files(MoltAssets *assets)
{
    uint64_t now = molt__clock_ns();
    if (now < assets->look_ns) {
        return;
    }
    assets->look_ns = now + LOOK_NS;
    for (size_t i = 0; i < assets->count; i++) {
        Entry *entry = assets->entries[i];
        struct stat info;
        if (entry->current == NULL) {
            continue;
        }
        bool there = stat(entry->file, &info) == 0 && S_ISREG(info.st_mode);
        if (!there && entry->gone && entry->problem[0] == 0) {
            say(entry, "no file is there any more");
        }
        if (there && entry->gone) {
            take(assets, entry);
        }
        entry->gone = !there;
    }
}

bool molt_assets_turn(MoltAssets *assets)
{
    MoltWatchChange change;
    bool news = false;
    while (assets->retired != NULL) {
        Content *content = assets->retired;
        assets->retired = content->next;
        content_free(content);
    }
    for (size_t i = 0; i < assets->count; i++) {
        Entry *entry = assets->entries[i];
        if (entry->fresh && entry->seen) { /* the game looked at it, and took it */
            entry->fresh = false;
            say(entry, "");
        }
    }
    while (assets->watch != NULL && molt__watch_poll(assets->watch, &change)) {
        Entry *entry = assets->entries[change.tag];
        const Content *before = entry->current;
        take(assets, entry);
        news = news || entry->current != before;
    }
    look_for_files(assets);
    return news;
}

bool molt_assets_poll(MoltAssets *assets, MoltAssetEvent *out)
{
    for (size_t i = 0; i < assets->count; i++) {
        Entry *entry = assets->entries[i];
        if (entry->tells) {
            entry->tells = false;
            *out = (MoltAssetEvent){entry->problem[0] != 0, !entry->had, entry->path, entry->problem};
            return true;
        }
    }
    return false;
}
