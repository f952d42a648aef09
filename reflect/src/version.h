/* A version of the schema that a session had, and which of its things are which: every type, field and
 * enumerator has a line, a number that it keeps under whatever name through all versions of the session.
 * An edit gives new things new lines; what it renames keeps its own. So what becomes of a thing between any
 * two versions is known without the notes of the versions between. It must never know plans or heaps.
 *
 * What MOLT_MOVED takes elsewhere begins a line of its own, whose birth says where the value came from: a
 * path as in the note, in which each field is written as '#' and its line: "^.#7[2].#12".
 *
 * A field that was away has its line again when it is back. Its values waited in the attic meanwhile, so what
 * lies on the two sides of such a return need not convert: they need not have been one value ever.
 *
 * Invariant: a version does not change once it is made; whoever keeps one has a share of it. */
#ifndef MOLT_VERSION_H
#define MOLT_VERSION_H

#include "molt/schema.h"

/* By what a version is known again: layouts, and the notes that say what comes from where. */
typedef struct MoltVersionMark {
    MoltHash whole;
    uint64_t notes;
} MoltVersionMark;

typedef struct MoltBirth {
    uint32_t line, path; /* path: in the version's text */
} MoltBirth;

/* An array whose elements lie where the enumerators of an enum say: by a MOLT_INDEX that it has, or had
 * since the enumerators got their values. */
typedef struct MoltIndexed {
    uint32_t line, by; /* of the field, of the enum */
} MoltIndexed;

/* A field that is back, or that names one which is away: as of which version. */
typedef struct MoltRevival {
    uint32_t line, serial;
} MoltRevival;

typedef struct MoltVersion {
    _Atomic uint32_t shares; /* plans are built beside the running game */
    uint32_t serial;         /* greater than those of its ancestors */
    MoltVersionMark mark;
    MoltAllocator allocator;
    MoltSchema *schema; /* a copy */
    uint32_t *lines;    /* of the types, then of the fields, then of the enumerators; 0: has none */
    uint32_t line_end;  /* greater than all that the session had when this was made */
    uint32_t ancestors
        [MOLT_SCHEMA_VERSIONS]; /* serials of the versions that it came from, nearest first */
    uint32_t ancestor_count;
    MoltBirth *births; /* of its own lines, and of those that these come from */
    uint32_t birth_count, birth_slots;
    char *text;
    uint32_t text_size, text_slots;
    MoltIndexed *indexed;
    uint32_t indexed_count, indexed_slots;
    MoltRevival *revivals; /* the last one of each line, as far back as the ancestors */
    uint32_t revival_count, revival_slots;
} MoltVersion;

/* Longest path that is followed through versions; a longer one leads nowhere. */
enum { MOLT__PATH_SIZE = 512 };

MoltVersionMark molt__version_mark(const MoltSchema *schema);
bool molt__version_is(const MoltVersion *version, const MoltVersionMark *mark);
/* A version whose lines are all 0, with one share; NULL when memory is out. It is of the schema's allocator,
 * because schemas keep versions longer than plans do. */
MoltVersion *molt__version_make(const MoltSchema *schema);
/* The first one of a session: everything in it begins a line. */
MoltVersion *molt__version_first(const MoltSchema *schema);
MoltVersion *molt__version_share(MoltVersion *version);
void molt__version_drop(MoltVersion *version); /* NULL allowed */

/* `later` came from `earlier`. */
bool molt__version_descends(const MoltVersion *later, const MoltVersion *earlier);

/* Where the line of a type, field or enumerator of the version's own schema stands. */
static inline uint32_t *molt__version_type(const MoltVersion *version, MoltTypeId type)
{
    return version->lines + type;
}
static inline uint32_t *molt__version_field(const MoltVersion *version, uint32_t field)
{
    return version->lines + version->schema->tables.type_count + field;
}
static inline uint32_t *molt__version_enumerator(const MoltVersion *version, uint32_t enumerator)
{
    return version->lines + version->schema->tables.type_count +
           version->schema->tables.field_count + enumerator;
}
static inline uint32_t molt__version_line_count(const MoltVersion *version)
{
    const MoltTables *tables = &version->schema->tables;
    return tables->type_count + tables->field_count + tables->enumerator_count;
}

/* The thing of the version that has a line, among `count` of them from `first` on; UINT32_MAX: none has. */
uint32_t molt__version_find(const uint32_t *first, uint32_t count, uint32_t line);

/* Writes down the birth of a line; false when memory is out. */
bool molt__version_add_birth(MoltVersion *version, uint32_t line, const char *path);
bool molt__version_has_birth(const MoltVersion *version, uint32_t line);
bool molt__version_add_indexed(MoltVersion *version, uint32_t line, uint32_t by);
/* An array whose elements an enum placed that was renumbered when they no longer followed it. */
#define MOLT__INDEX_LOST UINT32_MAX
/* The line of the enum, or MOLT__INDEX_LOST; 0 when there is none. */
uint32_t molt__version_index(const MoltVersion *version, uint32_t line);
/* The field of that line is back in the version itself. */
bool molt__version_add_revival(MoltVersion *version, uint32_t line);
/* Takes over those of the version that it came from, for the lines that it has. */
bool molt__version_take_revivals(MoltVersion *version, const MoltVersion *from);
/* On the way between the two versions, in either direction, the line's values were in the attic. */
bool molt__version_waited(const MoltVersion *a, const MoltVersion *b, uint32_t line);
/* Takes over the births that matter to the lines that the version has, or to their births. */
bool molt__version_take_births(MoltVersion *version, const MoltVersion *from);

/* Where in `in` lies what a line of `version` was born from, as a MOLT_MOVED on its field would say it;
 * false when it was not born from a place that `in` has. */
bool molt__version_path(const MoltVersion *version, uint32_t line, const MoltVersion *in,
                        char path[MOLT__PATH_SIZE]);

#endif
