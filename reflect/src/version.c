#include "version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "kept_types.h"

/* ---- marks ---------------------------------------------------------------------------------- */

/* Hash of the notes that decide what a plan maps, of which layouts know nothing. */
static uint64_t hash_notes(const MoltSchema *schema)
{
    uint64_t hash = 0;
    for (uint32_t n = 0; n < schema->kept_notes; n++) {
        const MoltNote *note = &schema->tables.notes[n];
        const char *text = molt_string(schema, note->text);
        if (note->kind == MOLT_NOTE_WAS || note->kind == MOLT_NOTE_MOVED ||
            note->kind == MOLT_NOTE_TAG || note->kind == MOLT_NOTE_ARM ||
            note->kind == MOLT_NOTE_INDEX || note->kind == MOLT_NOTE_ALONG)
            hash = XXH3_64bits_withSeed(text, strlen(text) + 1, hash);
    }
    return hash;
}

MoltVersionMark molt__version_mark(const MoltSchema *schema)
{
    return (MoltVersionMark){schema->tables.hash, hash_notes(schema)};
}

bool molt__version_is(const MoltVersion *version, const MoltVersionMark *mark)
{
    return memcmp(&version->mark.whole, &mark->whole, sizeof mark->whole) == 0 &&
           version->mark.notes == mark->notes;
}

/* ---- life ----------------------------------------------------------------------------------- */

static void *resize(const MoltAllocator *allocator, void *block, size_t old_size, size_t size)
{
    return allocator->resize(allocator->context, block, old_size, size);
}

MoltVersion *molt__version_make(const MoltSchema *schema)
{
    const MoltAllocator *allocator = &schema->allocator;
    MoltVersion *version = resize(allocator, NULL, 0, sizeof *version);
    if (!version)
        return NULL;
    *version = (MoltVersion){
        .serial = 1, .mark = molt__version_mark(schema), .allocator = *allocator, .line_end = 1};
    version->shares = 1;
    MoltError ignored;
    if (molt__schema_clone(schema, allocator, &version->schema, &ignored) != MOLT_OK) {
        molt__version_drop(version);
        return NULL;
    }
    size_t size = ((size_t)molt__version_line_count(version) + 1) * sizeof *version->lines;
    version->lines = resize(allocator, NULL, 0, size);
    if (!version->lines) {
        molt__version_drop(version);
        return NULL;
    }
    memset(version->lines, 0, size);
    return version;
}

MoltVersion *molt__version_first(const MoltSchema *schema)
{
    MoltVersion *version = molt__version_make(schema);
    for (uint32_t l = 0; version && l < molt__version_line_count(version); l++)
        version->lines[l] = version->line_end++;
    return version;
}

MoltVersion *molt__version_share(MoltVersion *version)
{
    version->shares++;
    return version;
}

void molt__version_drop(MoltVersion *version)
{
    if (!version || --version->shares > 0)
        return;
    MoltAllocator allocator = version->allocator;
    if (version->lines)
        resize(&allocator, version->lines,
               ((size_t)molt__version_line_count(version) + 1) * sizeof *version->lines, 0);
    if (version->births)
        resize(&allocator, version->births, (size_t)version->birth_slots * sizeof *version->births,
               0);
    if (version->indexed)
        resize(&allocator, version->indexed,
               (size_t)version->indexed_slots * sizeof *version->indexed, 0);
    if (version->revivals)
        resize(&allocator, version->revivals,
               (size_t)version->revival_slots * sizeof *version->revivals, 0);
    if (version->text)
        resize(&allocator, version->text, version->text_slots, 0);
    molt_schema_free(version->schema);
    resize(&allocator, version, sizeof *version, 0);
}

static bool has_ancestor(const MoltVersion *version, uint32_t serial)
{
    for (uint32_t a = 0; a < version->ancestor_count; a++) {
        if (version->ancestors[a] == serial)
            return true;
    }
    return false;
}

bool molt__version_descends(const MoltVersion *later, const MoltVersion *earlier)
{
    return has_ancestor(later, earlier->serial);
}

uint32_t molt__version_find(const uint32_t *first, uint32_t count, uint32_t line)
{
    for (uint32_t i = 0; line != 0 && i < count; i++) {
        if (first[i] == line)
            return i;
    }
    return UINT32_MAX;
}

/* ---- births --------------------------------------------------------------------------------- */

static bool grow(MoltVersion *version, void **items, uint32_t *slots, uint32_t count, size_t more,
                 size_t item_size)
{
    if (more <= *slots - count)
        return true;
    uint64_t wanted = (uint64_t)*slots * 2 + more;
    void *grown = wanted > UINT32_MAX ? NULL
                                      : resize(&version->allocator, *items, *slots * item_size,
                                               (size_t)wanted * item_size);
    if (!grown)
        return false;
    *items = grown;
    *slots = (uint32_t)wanted;
    return true;
}

bool molt__version_add_birth(MoltVersion *version, uint32_t line, const char *path)
{
    size_t size = strlen(path) + 1;
    if (!grow(version, (void **)&version->births, &version->birth_slots, version->birth_count, 1,
              sizeof *version->births) ||
        !grow(version, (void **)&version->text, &version->text_slots, version->text_size, size, 1))
        return false;
    version->births[version->birth_count++] = (MoltBirth){line, version->text_size};
    memcpy(version->text + version->text_size, path, size);
    version->text_size += (uint32_t)size;
    return true;
}

bool molt__version_add_indexed(MoltVersion *version, uint32_t line, uint32_t by)
{
    if (!grow(version, (void **)&version->indexed, &version->indexed_slots, version->indexed_count,
              1, sizeof *version->indexed))
        return false;
    version->indexed[version->indexed_count++] = (MoltIndexed){line, by};
    return true;
}

uint32_t molt__version_index(const MoltVersion *version, uint32_t line)
{
    for (uint32_t i = 0; i < version->indexed_count; i++) {
        if (version->indexed[i].line == line)
            return version->indexed[i].by;
    }
    return 0;
}

static const char *birth_of(const MoltVersion *version, uint32_t line)
{
    for (uint32_t b = 0; b < version->birth_count; b++) {
        if (version->births[b].line == line)
            return version->text + version->births[b].path;
    }
    return NULL;
}

bool molt__version_has_birth(const MoltVersion *version, uint32_t line)
{
    return birth_of(version, line) != NULL;
}

static bool mentions(const char *path, uint32_t line)
{
    while ((path = strchr(path, '#'))) {
        char *end;
        if (strtoul(path + 1, &end, 10) == line)
            return true;
        path = end;
    }
    return false;
}

static bool matters(const MoltVersion *version, uint32_t line)
{
    const MoltTables *tables = &version->schema->tables;
    bool wanted = molt__version_find(molt__version_field(version, 0), tables->field_count, line) !=
                  UINT32_MAX;
    for (uint32_t b = 0; b < version->birth_count && !wanted; b++)
        wanted = mentions(version->text + version->births[b].path, line);
    return wanted;
}

bool molt__version_take_births(MoltVersion *version, const MoltVersion *from)
{
    /* younger lines first: a birth names older ones only */
    for (uint32_t end = UINT32_MAX;;) {
        const MoltBirth *next = NULL;
        for (uint32_t b = 0; b < from->birth_count; b++) {
            if (from->births[b].line < end && (!next || from->births[b].line > next->line))
                next = &from->births[b];
        }
        if (!next)
            return true;
        end = next->line;
        if (!birth_of(version, end) && matters(version, end) &&
            !molt__version_add_birth(version, end, from->text + next->path))
            return false;
    }
}

/* ---- revivals ------------------------------------------------------------------------------- */

static const MoltRevival *revival_of(const MoltVersion *version, uint32_t line)
{
    for (uint32_t r = 0; line != 0 && r < version->revival_count; r++) {
        if (version->revivals[r].line == line)
            return &version->revivals[r];
    }
    return NULL;
}

static bool add_revival(MoltVersion *version, uint32_t line, uint32_t serial)
{
    if (!grow(version, (void **)&version->revivals, &version->revival_slots, version->revival_count,
              1, sizeof *version->revivals))
        return false;
    version->revivals[version->revival_count++] = (MoltRevival){line, serial};
    return true;
}

bool molt__version_add_revival(MoltVersion *version, uint32_t line)
{
    return revival_of(version, line) || add_revival(version, line, version->serial);
}

static bool is_or_descends(const MoltVersion *version, uint32_t serial)
{
    return version->serial == serial || has_ancestor(version, serial);
}

bool molt__version_take_revivals(MoltVersion *version, const MoltVersion *from)
{
    uint32_t fields = version->schema->tables.field_count;
    for (uint32_t r = 0; r < from->revival_count; r++) {
        const MoltRevival *revival = &from->revivals[r];
        if (is_or_descends(version, revival->serial) &&
            molt__version_find(molt__version_field(version, 0), fields, revival->line) !=
                UINT32_MAX &&
            !revival_of(version, revival->line) &&
            !add_revival(version, revival->line, revival->serial))
            return false;
    }
    return true;
}

bool molt__version_waited(const MoltVersion *a, const MoltVersion *b, uint32_t line)
{
    const MoltRevival *in_a = revival_of(a, line), *in_b = revival_of(b, line);
    return (in_a && !is_or_descends(b, in_a->serial)) || (in_b && !is_or_descends(a, in_b->serial));
}

/* ---- paths ---------------------------------------------------------------------------------- */

enum { STEPS = 32, CHAIN = 16 };

/* A path on its way into another version: `^` to begin with, then steps, each with its indices. */
typedef struct Trail {
    const MoltVersion *of, *in;
    uint32_t climbs, count;
    bool known[STEPS]; /* `in` has the field; a step that it lacks has to be climbed out of */
    uint32_t starts[STEPS], length;
    char text[MOLT__PATH_SIZE];
} Trail;

static bool append(Trail *trail, const char *text, size_t length)
{
    if (length >= sizeof trail->text - trail->length)
        return false;
    memcpy(trail->text + trail->length, text, length);
    trail->length += (uint32_t)length;
    trail->text[trail->length] = '\0';
    return true;
}

static bool add_step(Trail *trail, const char *name)
{
    if (trail->count == STEPS)
        return false;
    trail->starts[trail->count] = trail->length;
    trail->known[trail->count++] = name != NULL;
    return !name || (append(trail, ".", 1) && append(trail, name, strlen(name)));
}

static void climb(Trail *trail)
{
    if (trail->count > 0)
        trail->length = trail->starts[--trail->count];
    else
        trail->climbs++;
    trail->text[trail->length] = '\0';
}

static bool walk(Trail *trail, const char *path, unsigned depth);

/* The field of a line, or else what it was born from. */
static bool step_to(Trail *trail, uint32_t line, unsigned depth)
{
    const MoltSchema *schema = trail->in->schema;
    uint32_t field =
        molt__version_find(molt__version_field(trail->in, 0), schema->tables.field_count, line);
    if (field != UINT32_MAX)
        return add_step(trail, molt_string(schema, schema->tables.fields[field].name));
    const char *birth = birth_of(trail->of, line);
    return birth && depth < CHAIN ? walk(trail, birth, depth + 1) : add_step(trail, NULL);
}

static bool walk(Trail *trail, const char *path, unsigned depth)
{
    while (*path != '\0') {
        char *end;
        size_t length = 1;
        if (*path == '^') {
            climb(trail);
        } else if (*path == '#') {
            if (!step_to(trail, (uint32_t)strtoul(path + 1, &end, 10), depth))
                return false;
            length = (size_t)(end - path);
        } else if (*path == '[') {
            length = strcspn(path, "]") + 1;
            if (trail->count == 0 || !append(trail, path, length))
                return false;
        }
        path += length;
    }
    return true;
}

bool molt__version_path(const MoltVersion *version, uint32_t line, const MoltVersion *in,
                        char path[MOLT__PATH_SIZE])
{
    Trail trail = {.of = version, .in = in};
    const char *birth = birth_of(version, line);
    if (!birth || !walk(&trail, birth, 0) || trail.count == 0 ||
        trail.climbs * 2 + trail.length >= MOLT__PATH_SIZE)
        return false;
    for (uint32_t s = 0; s < trail.count; s++) {
        if (!trail.known[s])
            return false;
    }
    char *at = path;
    for (uint32_t c = 0; c < trail.climbs; c++)
        at += sprintf(at, "^.");
    strcpy(at, trail.text + 1); /* without the point of the first step */
    return true;
}
