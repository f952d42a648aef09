#include "plan_names.h"

#include <string.h>

static uint32_t find_name(const MoltSchema *schema, const MoltNamed *items, uint32_t count,
                          const char *name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(molt_string(schema, items[i].name), name) == 0)
            return i;
    }
    return UINT32_MAX;
}

/* A type that a source has for itself is called after its file only while another source has one of
 * that name: "ground.c:Cell". This is the part that never changes. */
static const char *base_name(const MoltSchema *schema, const MoltNamed *item)
{
    const char *name = molt_string(schema, item->name);
    size_t length = item->file ? strlen(item->file) : 0;
    bool qualified = length > 0 && strncmp(name, item->file, length) == 0 && name[length] == ':';
    return qualified ? name + length + 1 : name;
}

/* The old item of that base name from the file of `item`, or UINT32_MAX. */
static uint32_t find_in_file(const MoltPlan *plan, const MoltNamed *olds, uint32_t old_count,
                             const MoltNamed *item, const char *base)
{
    for (uint32_t i = 0; item->file && item->file[0] && i < old_count; i++) {
        if (olds[i].file && strcmp(olds[i].file, item->file) == 0 &&
            strcmp(base_name(plan->before, &olds[i]), base) == 0)
            return i;
    }
    return UINT32_MAX;
}

/* The old item that new item `item` is when no MOLT_WAS says otherwise. */
static uint32_t find_same(const MoltPlan *plan, const MoltNamed *olds, uint32_t old_count,
                          const MoltNamed *news, uint32_t new_count, const MoltNamed *item)
{
    uint32_t found = find_in_file(plan, olds, old_count, item, base_name(plan->after, item));
    if (found != UINT32_MAX)
        return found;
    found = find_name(plan->before, olds, old_count, molt_string(plan->after, item->name));
    if (found == UINT32_MAX || !olds[found].file || !olds[found].file[0])
        return found;
    /* Types that moved to another file keep their name, unless the old file has one as well. */
    const char *base = base_name(plan->before, &olds[found]);
    for (uint32_t n = 0; n < new_count; n++) {
        if (&news[n] != item && news[n].file && strcmp(news[n].file, olds[found].file) == 0 &&
            strcmp(base_name(plan->after, &news[n]), base) == 0)
            return UINT32_MAX;
    }
    return found;
}

bool molt__name_was(const MoltSchema *schema, const MoltNamed *item, const char *name)
{
    for (uint32_t n = 0; n < item->note_count; n++) {
        const MoltNote *note = &schema->tables.notes[item->note_first + n];
        if (note->kind == MOLT_NOTE_WAS && strcmp(molt_string(schema, note->text), name) == 0)
            return true;
    }
    return false;
}

/* The old item that MOLT_WAS on new item `item` names, newest name first. A name that the old item of
 * the same name carries too was applied in an earlier reload: the note stays in the source for ever. */
static uint32_t find_was(const MoltPlan *plan, const MoltNamed *olds, uint32_t old_count,
                         const MoltNamed *item, uint32_t same)
{
    for (uint32_t n = item->note_count; n-- > 0;) {
        const MoltNote *note = &plan->after->tables.notes[item->note_first + n];
        if (note->kind != MOLT_NOTE_WAS)
            continue;
        const char *name = molt_string(plan->after, note->text);
        if (same != UINT32_MAX && molt__name_was(plan->before, &olds[same], name))
            continue;
        uint32_t found = find_in_file(plan, olds, old_count, item, name);
        if (found == UINT32_MAX)
            found = find_name(plan->before, olds, old_count, name);
        if (found != UINT32_MAX && found != same)
            return found;
    }
    return UINT32_MAX;
}

/* The unmatched new item that has the last name which old item `item` was known by, when no other old
 * item was known by it too. */
static uint32_t find_undone(const MoltPlan *plan, const MoltNamed *olds, uint32_t old_count,
                            uint32_t item, const MoltNamed *news, uint32_t new_count,
                            const uint32_t *match)
{
    for (uint32_t n = olds[item].note_count; n-- > 0;) {
        const MoltNote *note = &plan->before->tables.notes[olds[item].note_first + n];
        if (note->kind != MOLT_NOTE_WAS)
            continue;
        const char *name = molt_string(plan->before, note->text);
        uint32_t found = find_name(plan->after, news, new_count, name);
        for (uint32_t o = 0; found != UINT32_MAX && o < old_count; o++) {
            if (o != item && molt__name_was(plan->before, &olds[o], name))
                found = UINT32_MAX;
        }
        if (found != UINT32_MAX && match[found] == UINT32_MAX)
            return found;
    }
    return UINT32_MAX;
}

/* Undoing an annotated rename takes the annotation away with the new name, so only the old side knows
 * that the two names mean the same. Within a session that is enough: what vanishes under its new name
 * goes on under the old one. */
static void match_undone(const MoltPlan *plan, MoltNamed *olds, uint32_t old_count,
                         const MoltNamed *news, uint32_t new_count, uint32_t *match)
{
    for (uint32_t o = 0; o < old_count; o++) {
        if (olds[o].taken || olds[o].note_count == 0 ||
            find_name(plan->after, news, new_count, molt_string(plan->before, olds[o].name)) !=
                UINT32_MAX)
            continue;
        uint32_t found = find_undone(plan, olds, old_count, o, news, new_count, match);
        if (found == UINT32_MAX)
            continue;
        match[found] = o;
        olds[o].taken = true;
    }
}

/* The only old item that has no successor and was known by the name, UINT32_MAX when there is none. */
static uint32_t find_known_as(const MoltPlan *plan, const MoltNamed *olds, uint32_t old_count,
                              const char *name)
{
    uint32_t found = UINT32_MAX;
    for (uint32_t o = 0; o < old_count; o++) {
        if (!molt__name_was(plan->before, &olds[o], name))
            continue;
        if (found != UINT32_MAX || olds[o].taken)
            return UINT32_MAX;
        found = o;
    }
    return found;
}

/* A rename that is renamed once more under its first note: both names say that they were a third one,
 * which is gone, so the value goes from the one to the other. */
static void match_known_as(const MoltPlan *plan, MoltNamed *olds, uint32_t old_count,
                           const MoltNamed *news, uint32_t new_count, uint32_t *match)
{
    for (uint32_t i = 0; i < new_count; i++) {
        for (uint32_t n = 0; n < news[i].note_count; n++) {
            const MoltNote *note = &plan->after->tables.notes[news[i].note_first + n];
            if (match[i] != UINT32_MAX || news[i].taken || note->kind != MOLT_NOTE_WAS)
                continue;
            const char *name = molt_string(plan->after, note->text);
            if (find_name(plan->before, olds, old_count, name) != UINT32_MAX)
                continue;
            uint32_t found = find_known_as(plan, olds, old_count, name);
            if (found == UINT32_MAX)
                continue;
            match[i] = found;
            olds[found].taken = true;
        }
    }
}

/* Both versions are known: what has one line is one thing. */
static void match_lines(MoltNamed *olds, uint32_t old_count, MoltNamed *news, uint32_t new_count,
                        uint32_t *match)
{
    for (uint32_t n = 0; n < new_count; n++) {
        for (uint32_t o = 0; news[n].line != 0 && o < old_count && !news[n].taken; o++) {
            if (olds[o].taken || olds[o].line != news[n].line)
                continue;
            match[n] = o;
            olds[o].taken = news[n].taken = true;
        }
    }
}

/* What only notes say, of things that no line has brought together: a note that names something of a
 * version further back began no line there. */
static void match_noted(const MoltPlan *plan, MoltNamed *olds, uint32_t old_count,
                        const MoltNamed *news, uint32_t new_count, uint32_t *match)
{
    for (uint32_t n = 0; n < new_count; n++) {
        if (news[n].taken)
            continue;
        uint32_t was = find_was(plan, olds, old_count, &news[n], UINT32_MAX);
        if (was == UINT32_MAX || olds[was].taken)
            continue;
        match[n] = was;
        olds[was].taken = true;
    }
}

/* The same of an edit that is undone: each new item goes on with what would come from it. */
static void match_noted_back(MoltPlan *plan, MoltNamed *olds, uint32_t old_count, MoltNamed *news,
                             uint32_t new_count, uint32_t *match)
{
    const MoltPlan away = {.before = plan->after, .after = plan->before};
    uint32_t *came = NULL, slots = 0;
    if (!molt__plan_grow(plan, (void **)&came, &slots, 0, old_count + 1, sizeof *came))
        return;
    for (uint32_t o = 0; o < old_count; o++)
        came[o] = UINT32_MAX;
    match_noted(&away, news, new_count, olds, old_count, came);
    for (uint32_t o = 0; o < old_count; o++) {
        if (came[o] == UINT32_MAX)
            continue;
        match[came[o]] = o;
        olds[o].taken = true;
    }
    plan->allocator.resize(plan->allocator.context, came, (size_t)slots * sizeof *came, 0);
}

/* By names and notes. `sure`: two claims on one thing are an error, of which the new item is returned. */
static uint32_t match_named(MoltPlan *plan, bool sure, MoltNamed *olds, uint32_t old_count,
                            const MoltNamed *news, uint32_t new_count, uint32_t *match)
{
    uint32_t ambiguous = UINT32_MAX;
    for (uint32_t i = 0; i < new_count; i++) {
        if (news[i].taken)
            continue;
        uint32_t same = find_same(plan, olds, old_count, news, new_count, &news[i]);
        uint32_t was = find_was(plan, olds, old_count, &news[i], same);
        if (was == UINT32_MAX || (!sure && olds[was].taken))
            continue;
        if (olds[was].taken)
            ambiguous = i;
        match[i] = was;
        olds[was].taken = true;
    }
    for (uint32_t i = 0; i < new_count; i++) {
        uint32_t same = find_same(plan, olds, old_count, news, new_count, &news[i]);
        if (same == UINT32_MAX || olds[same].taken || news[i].taken)
            continue;
        if (match[i] == UINT32_MAX)
            match[i] = same;
        else
            ambiguous = i; /* both its own old value and the one it claims want the place */
    }
    match_known_as(plan, olds, old_count, news, new_count, match);
    if (plan->policy == MOLT_POLICY_LIVE)
        match_undone(plan, olds, old_count, news, new_count, match);
    return sure ? ambiguous : UINT32_MAX;
}

/* Kept types of which a version knows no line, because other ones were kept when it was made, go by their
 * names. */
static void match_kept(const MoltPlan *plan, MoltNamed *olds, uint32_t old_count,
                       const MoltNamed *news, uint32_t new_count, uint32_t *match)
{
    for (uint32_t n = 0; n < new_count; n++) {
        uint32_t same = match[n] == UINT32_MAX ? find_name(plan->before, olds, old_count,
                                                           molt_string(plan->after, news[n].name))
                                               : UINT32_MAX;
        if (same == UINT32_MAX || olds[same].taken || !(olds[same].kept || news[n].kept))
            continue;
        match[n] = same;
        olds[same].taken = true;
    }
}

uint32_t molt__names_match(MoltPlan *plan, bool by_line, MoltNamed *olds, uint32_t old_count,
                           MoltNamed *news, uint32_t new_count, uint32_t *match)
{
    for (uint32_t n = 0; n < new_count; n++)
        match[n] = UINT32_MAX;
    if (!by_line)
        return match_named(plan, true, olds, old_count, news, new_count, match);
    match_lines(olds, old_count, news, new_count, match);
    if (plan->lenient || !(plan->undoes || plan->redoes))
        match_named(plan, false, olds, old_count, news, new_count, match);
    else if (plan->undoes)
        match_noted_back(plan, olds, old_count, news, new_count, match);
    else
        match_noted(plan, olds, old_count, news, new_count, match);
    match_kept(plan, olds, old_count, news, new_count, match);
    return UINT32_MAX;
}

MoltNamed *molt__named_table(MoltPlan *plan, uint32_t count)
{
    MoltNamed *items = plan->allocator.resize(plan->allocator.context, NULL, 0,
                                              ((size_t)count + 1) * sizeof *items);
    if (!items)
        plan->failed = true;
    return items;
}

void molt__named_free(MoltPlan *plan, MoltNamed *items, uint32_t count)
{
    if (items)
        plan->allocator.resize(plan->allocator.context, items, ((size_t)count + 1) * sizeof *items,
                               0);
}
