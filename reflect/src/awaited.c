#include "awaited.h"

#include <stdlib.h>

#include "migration.h"

static int compare_places(const void *a, const void *b)
{
    const MoltAwaited *x = a, *y = b;
    return (x->place > y->place) - (x->place < y->place);
}

bool molt__awaited_any(const MoltMigration *m)
{
    return m->plan->policy == MOLT_POLICY_LIVE && !m->apart && m->heap->attic.page_count > 0;
}

bool molt__awaited_may_settle(const MoltMigration *m)
{
    return m->awaited.place && molt__awaited_any(m);
}

void molt__awaited_add(MoltMigration *m, uint64_t tally)
{
    MoltAwaitedList *list = &m->awaited;
    if (molt__migration_grow(m, (void **)&list->items, &list->slots, list->count, 1,
                             sizeof *list->items))
        list->items[list->count++] = (MoltAwaited){.place = (uintptr_t)list->place, .tally = tally};
}

void molt__awaited_begin(MoltMigration *m)
{
    if (m->awaited.count > 0)
        qsort(m->awaited.items, m->awaited.count, sizeof *m->awaited.items, compare_places);
}

void molt__awaited_return(MoltMigration *m, const unsigned char *place)
{
    MoltAwaitedList *list = &m->awaited;
    uint64_t low = 0, high = list->count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (list->items[middle].place < (uintptr_t)place)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < list->count && list->items[low].place == (uintptr_t)place; low++)
        list->items[low].settled = true; /* one value may break several rules */
}

void molt__awaited_settle(MoltMigration *m)
{
    MoltAwaitedList *list = &m->awaited;
    for (uint64_t a = 0; a < list->count; a++) {
        MoltTally *tally = &m->tallies[list->items[a].tally];
        if (list->items[a].settled) {
            tally->objects -= tally->objects > 0;
            tally->returned = true;
        } else {
            tally->lasting = true;
            m->refused = m->refused || tally->severity == MOLT_REFUSE;
        }
    }
    for (uint64_t t = 0; t < m->tally_count; t++) {
        MoltTally *tally = &m->tallies[t];
        if (tally->returned && !tally->lasting) {
            tally->objects = 0;
            tally->severity = tally->firm = MOLT_INFO;
        } else if (tally->returned && tally->objects == 0) {
            tally->objects = 1; /* several values of one object, of which some returned */
        }
    }
}
