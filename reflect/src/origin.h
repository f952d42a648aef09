/* Where plain memory was allocated, in words that outlive the library that did it: a block knows an
 * index into a table which only grows. It must never know return addresses or how they were mapped. */
#ifndef MOLT_ORIGIN_H
#define MOLT_ORIGIN_H

#include "molt/call_site.h"
#include "molt/plain_memory.h"

/* Invariant: items[0] stands for "not known"; no two items are equal. of_site[i] is the origin of
 * call site i of `sites`, 0 where nobody asked yet. */
typedef struct MoltOrigins {
    MoltOrigin *items;
    uint32_t count, slots;
    const MoltCallSites *sites; /* of the library that runs; NULL: none is known */
    uint32_t *of_site;
    uint32_t site_count; /* the sites may be gone when of_site is freed */
} MoltOrigins;

void molt__origins_free(const MoltAllocator *allocator, MoltOrigins *origins);
/* Takes the sites of another library; the origins stay. False, with nothing changed, when memory is
 * out. */
bool molt__origins_use(const MoltAllocator *allocator, MoltOrigins *origins,
                       const MoltCallSites *sites);
/* Index of the origin of call site `site` of the running library (UINT32_MAX: of none); 0 too when
 * memory is out. */
uint32_t molt__origins_of(const MoltAllocator *allocator, MoltOrigins *origins, uint32_t site);

MoltOrigin molt__origin_of(const MoltCallSite *site);
/* Index of an origin, whose texts are copied when it is new; 0 when memory is out. */
uint32_t molt__origins_add(const MoltAllocator *allocator, MoltOrigins *origins, MoltOrigin origin);

/* "enemy.c:42 (spawn)" into `buffer`; "a place that is not known" for NULL. */
const char *molt__origin_text(const MoltOrigin *origin, char *buffer, size_t size);

#endif
