/* Types that the sources no longer have, for the objects of theirs that a live session keeps: an edit that
 * takes the last mention of a type away, undone later, gives its objects back. Such types stand behind all
 * others of the running schema and do not count in its hash; their objects stay in the heap and stand in no
 * dump and no file. Numbers are the exception: where a `void *` still leads to some, their types come first,
 * and are types like all others, in dumps, files and the schema's JSON. It must never know objects. */
#ifndef MOLT_KEPT_TYPES_H
#define MOLT_KEPT_TYPES_H

#include "plan.h"

/* The plan's new schema and, behind its types, those old ones that it lacks and that have objects, with all
 * they are made of. `bytes` says per old type how much its objects take (molt_heap_weigh); more than `limit`
 * in all are not kept. *out, with the allocator of the plan's new schema, is NULL where nothing is to be kept
 * or can be; a plan is then to be built from the old schema to *out. Fails only when memory is out. */
MoltStatus molt_schema_keep(const MoltPlan *plan, const uint64_t *bytes, uint64_t limit,
                            MoltSchema **out, MoltError *error);

/* The type is one of those, and out of sight. */
static inline bool molt_type_is_kept(const MoltSchema *schema, MoltTypeId type)
{
    return type >= schema->kept_types;
}

#endif
