#include "lineage.h"

#include <string.h>

MoltVersion *molt__lineage_find(const MoltSchema *running, const MoltSchema *schema)
{
    const MoltVersionMark mark = molt__version_mark(schema);
    for (uint32_t v = 0; v < running->version_count; v++) {
        if (molt__version_is(running->versions[v], &mark))
            return running->versions[v];
    }
    return NULL;
}

/* Of two versions that are alike, the one that comes first counts. */
static void add(MoltVersion **list, uint32_t *count, MoltVersion *version)
{
    for (uint32_t v = 0; v < *count; v++) {
        if (molt__version_is(list[v], &version->mark))
            return;
    }
    if (*count < MOLT_SCHEMA_VERSIONS)
        list[(*count)++] = molt__version_share(version);
}

void molt__lineage_follow(const MoltSchema *before, const MoltSchema *after, MoltVersion *from,
                          MoltVersion *to)
{
    MoltSchema *now = (MoltSchema *)after; /* the state's own from here on */
    MoltVersion *list[MOLT_SCHEMA_VERSIONS];
    uint32_t count = 0;
    bool foreign = before->version_count == 0 && after->version_count > 0;
    if (foreign || before->allocator.resize != after->allocator.resize ||
        before->allocator.context != after->allocator.context)
        return; /* a state came into the session from elsewhere */
    add(list, &count, to);
    add(list, &count, from);
    for (uint32_t v = 0; v < before->version_count; v++)
        add(list, &count, before->versions[v]);
    molt__lineage_forget(now);
    memcpy(now->versions, list, count * sizeof *list);
    now->version_count = count;
}

void molt__lineage_forget(MoltSchema *schema)
{
    for (uint32_t v = 0; v < schema->version_count; v++)
        molt__version_drop(schema->versions[v]);
    schema->version_count = 0;
}
