/* What the attic has, by name. */
#include "attic_page.h"
#include "heap_span.h"

/* Records whose objects are there. */
static uint64_t live_records(const MoltHeap *heap, const MoltAtticSlot *slot)
{
    const MoltAtticPage *page = slot->page;
    uint64_t live = 0;
    if (page->columns)
        return slot->live;
    for (uint64_t r = 0; r < page->count; r++) {
        uint32_t number = molt__record_word(page->records + r * page->stride, 0);
        live += heap->attic.blocks[number].span != MOLT__NO_SPAN;
    }
    return live;
}

void molt_attic_fields(const MoltHeap *heap, MoltAtticVisit *visit, void *context)
{
    for (uint64_t p = 0; p < heap->attic.page_count; p++) {
        const MoltAtticSlot *slot = &heap->attic.pages[p];
        const MoltAtticPage *page = slot->page;
        const MoltSchema *schema = page->step->schema;
        uint64_t objects = page->edit == 0 ? live_records(heap, slot) : 0;
        uint32_t last = MOLT__NO_FIELD;
        for (uint64_t r = 0; r < page->run_count && (objects > 0 || page->edit != 0); r++) {
            MoltTypeId owner;
            uint32_t field;
            molt__attic_field(schema, page->type, page->tail, &page->runs[r].was, &owner, &field);
            if (field != MOLT__NO_FIELD && field != last)
                visit(context, molt_type_name(schema, owner),
                      molt_string(schema, schema->tables.fields[field].name), objects);
            last = field;
        }
    }
}
