#include "lineage.h"

#include <string.h>
#include <xxhash.h>

uint64_t molt__lineage_notes(const MoltSchema *schema)
{
    uint64_t hash = 0;
    for (uint32_t n = 0; n < schema->tables.note_count; n++) {
        const MoltNote *note = &schema->tables.notes[n];
        const char *text = molt_string(schema, note->text);
        if (note->kind == MOLT_NOTE_WAS || note->kind == MOLT_NOTE_MOVED ||
            note->kind == MOLT_NOTE_TAG || note->kind == MOLT_NOTE_ARM ||
            note->kind == MOLT_NOTE_INDEX)
            hash = XXH3_64bits_withSeed(text, strlen(text) + 1, hash);
    }
    return hash;
}

static MoltSchemaMark mark_of(const MoltSchema *schema)
{
    return (MoltSchemaMark){schema->tables.hash, molt__lineage_notes(schema)};
}

static bool is_same(const MoltSchemaMark *a, const MoltSchemaMark *b)
{
    return memcmp(&a->whole, &b->whole, sizeof a->whole) == 0 && a->notes == b->notes;
}

uint32_t molt__lineage_edits(const MoltSchema *before, const MoltSchema *after)
{
    const MoltSchemaMark from = mark_of(before), to = mark_of(after);
    if (is_same(&from, &to))
        return 0;
    for (uint32_t p = 0; p < before->passed_count; p++) {
        if (is_same(&before->passed[p], &to))
            return p + 1;
    }
    return 0;
}

void molt__lineage_follow(const MoltSchema *before, const MoltSchema *after)
{
    MoltSchema *now = (MoltSchema *)after; /* the state's own from here on */
    const MoltSchemaMark from = mark_of(before), to = mark_of(after);
    uint32_t edits = molt__lineage_edits(before, after), pushed = 0;
    if (edits == 0 && !is_same(&from, &to))
        now->passed[pushed++] = from;
    now->passed_count = pushed;
    for (uint32_t p = edits; p < before->passed_count && now->passed_count < MOLT_SCHEMA_MARKS; p++)
        now->passed[now->passed_count++] = before->passed[p];
}
