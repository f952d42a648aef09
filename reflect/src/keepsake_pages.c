#include "keepsake_parts.h"

#include <string.h>

#include "attic_pool.h"
#include "kept_types.h"

#define ELEMENT_MOST ((uint64_t)1 << 32)

/* ---- leaves ---------------------------------------------------------------------------------- */

static bool fits(uint64_t at, uint64_t stride, uint64_t count, uint64_t size, uint64_t room)
{
    uint64_t last = 0;
    return count > 0 && size <= room && at <= room - size &&
           !__builtin_mul_overflow(stride, count - 1, &last) && last <= room - size - at;
}

/* A leaf lies in an element of `room` bytes, and so do the tags that it asks. */
static bool is_sound(const MoltLeaf *leaf, uint64_t room, uint32_t types)
{
    bool bits = leaf->kind == MOLT__LEAF_BITS;
    bool pointer = leaf->kind == MOLT__LEAF_POINTER || leaf->kind == MOLT__LEAF_STRING;
    bool sound = leaf->kind <= MOLT__LEAF_STRING && leaf->size > 0 &&
                 fits(leaf->at, leaf->stride, leaf->count, leaf->size, room) &&
                 (leaf->count == 1 || leaf->stride >= leaf->size) &&
                 (leaf->type < types || leaf->type == MOLT_NO_TYPE) &&
                 (!pointer || leaf->size == sizeof(void *)) &&
                 (!bits || (leaf->shift < 8 && leaf->width > 0 &&
                            leaf->size == (leaf->shift + leaf->width + 7u) / 8)) &&
                 leaf->guard_count <= MOLT__LEAF_GUARDS;
    for (unsigned g = 0; sound && g < leaf->guard_count; g++) {
        const MoltLeafGuard *guard = &leaf->guards[g];
        const MoltNumberForm *form = &guard->form;
        uint64_t bytes = form->width > 0 ? (form->shift + form->width + 7u) / 8 : form->size;
        sound = form->class <= MOLT__BOOL && form->shift < 8 && form->width <= 64 &&
                (form->size == 1 || form->size == 2 || form->size == 4 || form->size == 8) &&
                fits(guard->at, guard->stride, leaf->count, bytes, room);
    }
    return sound;
}

static void code_guard(MoltCoder *coder, MoltLeafGuard *guard)
{
    uint32_t class = guard->form.class;
    molt__code_u64(coder, &guard->at);
    molt__code_u64(coder, &guard->stride);
    molt__code_u64(coder, &guard->value);
    molt__code_u32(coder, &class);
    molt__code_u32(coder, &guard->form.size);
    molt__code_u32(coder, &guard->form.shift);
    molt__code_u32(coder, &guard->form.width);
    guard->form.class = class <= MOLT__BOOL ? (MoltNumberClass) class : MOLT__BOOL;
    molt__coder_check(coder, class <= MOLT__BOOL, "a tag is no number");
}

static void code_leaf(MoltCoder *coder, MoltLeaf *leaf)
{
    molt__code_u64(coder, &leaf->at);
    molt__code_u64(coder, &leaf->stride);
    molt__code_u64(coder, &leaf->count);
    molt__code_u64(coder, &leaf->size);
    molt__code_u8(coder, &leaf->kind);
    molt__code_u8(coder, &leaf->shift);
    molt__code_u8(coder, &leaf->width);
    molt__code_u32(coder, &leaf->type);
    molt__code_u8(coder, &leaf->guard_count);
    if (!molt__coder_check(coder, leaf->guard_count <= MOLT__LEAF_GUARDS,
                           "a value asks too many tags"))
        leaf->guard_count = 0;
    for (unsigned g = 0; g < leaf->guard_count; g++)
        code_guard(coder, &leaf->guards[g]);
}

static void code_leaf_in(MoltKeepsakes *keep, MoltLeaf *leaf, uint64_t room)
{
    code_leaf(&keep->coder, leaf);
    molt__coder_check(&keep->coder, is_sound(leaf, room, keep->schema->tables.type_count),
                      "a value lies outside of its object");
}

/* Looks for a leaf among those that its type has: operations of plans rely on what these are. */
typedef struct Search {
    const MoltLeaf *leaf;
    bool found;
} Search;

static bool is_inside(const MoltLeaf *leaf, const MoltLeaf *whole)
{
    if (leaf->at < whole->at)
        return false;
    uint64_t skip = leaf->at - whole->at;
    if (whole->kind == MOLT__LEAF_TEXT && leaf->kind == MOLT__LEAF_BYTES && leaf->size == 1 &&
        leaf->stride == 1) { /* a text, element by element */
        uint64_t step = whole->stride > 0 ? whole->stride : whole->size;
        return skip / step < whole->count && skip % step + leaf->count <= whole->size;
    }
    uint64_t first = whole->count > 1 ? skip / whole->stride : 0;
    return leaf->kind == whole->kind && leaf->size == whole->size && leaf->shift == whole->shift &&
           leaf->width == whole->width && leaf->type == whole->type &&
           skip == first * whole->stride && first < whole->count &&
           leaf->count <= whole->count - first &&
           (leaf->count == 1 || leaf->stride == whole->stride) &&
           leaf->guard_count <= whole->guard_count;
}

static bool look_at(void *context, const MoltLeaf *whole)
{
    Search *search = context;
    search->found = is_inside(search->leaf, whole);
    return !search->found;
}

static bool is_of(const MoltSchema *schema, MoltTypeId root, const MoltLeaf *leaf)
{
    Search search = {.leaf = leaf};
    molt__leaf_walk(schema, root, look_at, &search);
    if (!search.found)
        molt__leaf_walk_flat(schema, root, look_at, &search);
    return search.found;
}

/* ---- steps ----------------------------------------------------------------------------------- */

static void write_symbol(MoltCoder *coder, const MoltAtticSymbol *symbol)
{
    uint32_t kind = symbol->target.kind;
    uint64_t text = symbol->size, offset = symbol->target.offset, size = symbol->target.size;
    molt__code_u32(coder, &kind);
    molt__code_u64(coder, &offset);
    molt__code_u64(coder, &size);
    molt__code_u64(coder, &text);
    molt__code_bytes(coder, symbol->text, text);
}

/* File, name and bytes stand behind each other, and a zero behind them. */
static bool find_parts(MoltAtticSymbol *symbol)
{
    MoltCodeTarget *target = &symbol->target;
    const char *name = memchr(symbol->text, '\0', symbol->size);
    const char *bytes =
        name ? memchr(name + 1, '\0', symbol->size - (size_t)(name + 1 - symbol->text)) : NULL;
    if (!bytes)
        return false;
    uint64_t behind = symbol->size - (size_t)(bytes + 1 - symbol->text);
    target->file = symbol->text;
    target->name = name + 1;
    target->bytes = bytes + 1;
    if (behind == 0 || symbol->text[symbol->size - 1] != '\0')
        return false;
    return target->kind == MOLT_CODE_LITERAL ? target->size > 0 && target->size == behind - 1
                                             : target->size == behind - 1 || behind == 1;
}

static void read_symbol(MoltCoder *coder, MoltAtticSymbol *symbol)
{
    uint32_t kind = 0;
    uint64_t size = 0;
    molt__code_u32(coder, &kind);
    molt__code_u64(coder, &symbol->target.offset);
    molt__code_u64(coder, &size);
    molt__code_count(coder, &symbol->size, 1);
    const void *text = molt__code_view(coder, symbol->size);
    symbol->target.size = size;
    molt__coder_check(coder, kind <= MOLT_CODE_LITERAL, "a name is of nothing");
    if (!molt__coder_good(coder) || !text) {
        symbol->size = 0;
        molt__coder_wrong(coder, "a name is missing");
        return;
    }
    symbol->target.kind = (MoltCodeKind)kind;
    symbol->text = molt__code_table(coder, symbol->size, 1);
    if (!symbol->text)
        return;
    memcpy(symbol->text, text, symbol->size);
    molt__coder_check(coder, find_parts(symbol), "a name is not whole");
}

static MoltAtticStep *read_step(MoltKeepsakes *keep)
{
    MoltCoder *coder = &keep->coder;
    const MoltSchema *schema = molt__keep_schema(keep, NULL);
    MoltAtticStep *step = schema ? molt__code_table(coder, 1, sizeof *step) : NULL;
    if (!step)
        return NULL;
    step->shares = 1;
    if (molt__schema_clone(schema, &coder->allocator, &step->schema, NULL) != MOLT_OK) {
        molt__coder_starve(coder);
        molt__code_free(coder, step, 1, sizeof *step);
        return NULL;
    }
    uint64_t count = 0;
    molt__code_count(coder, &count, 28);
    step->symbols = molt__code_table(coder, count, sizeof *step->symbols);
    step->symbol_slots = step->symbol_count = step->symbols ? count : 0;
    for (uint64_t s = 0; s < step->symbol_count && molt__coder_good(coder); s++)
        read_symbol(coder, &step->symbols[s]);
    return step;
}

static void write_step(MoltKeepsakes *keep, const MoltAtticStep *step)
{
    uint64_t count = step->symbol_count;
    molt__keep_schema(keep, step->schema);
    molt__code_count(&keep->coder, &count, 28);
    for (uint64_t s = 0; s < step->symbol_count; s++)
        write_symbol(&keep->coder, &step->symbols[s]);
}

/* Pages of one step stand next to each other. `last` is the page before. */
static void code_step(MoltKeepsakes *keep, MoltAtticPage *page, const MoltAtticPage *last)
{
    bool same = last && last->step == page->step;
    molt__code_bool(&keep->coder, &same);
    if (!molt__coder_reads(&keep->coder)) {
        if (!same)
            write_step(keep, page->step);
        return;
    }
    molt__coder_check(&keep->coder, last || !same, "a page is of no edit");
    page->step = molt__coder_good(&keep->coder) ? (same ? last->step : read_step(keep)) : NULL;
    if (page->step && same)
        page->step->shares++;
}

/* ---- the parts of a page --------------------------------------------------------------------- */

static void code_ref(MoltKeepsakes *keep, const MoltAtticPage *page, MoltAtticRef *ref)
{
    MoltCoder *coder = &keep->coder;
    molt__code_u32(coder, &ref->kind);
    molt__code_u32(coder, &ref->index);
    molt__code_u32(coder, &ref->type);
    molt__code_bool(coder, &ref->made);
    molt__code_u64(coder, &ref->offset);
    molt__code_u64(coder, &ref->origin);
    if (!molt__coder_reads(coder) || !molt__coder_good(coder))
        return;
    if (ref->kind == MOLT__REF_FOREIGN) { /* what only that process had */
        ref->offset = 0;
        return;
    }
    if (ref->kind == MOLT__REF_CODE) {
        molt__coder_check(coder, ref->index < page->step->symbol_count, "a pointer has no name");
        return;
    }
    if (!molt__coder_check(coder,
                           ref->kind == MOLT__REF_BLOCK && ref->index < keep->attic.block_count &&
                               ref->type < page->step->schema->tables.type_count,
                           "a pointer leads to no object"))
        return;
    MoltAtticBlock *block = &keep->attic.blocks[ref->index];
    block->uses++;
    if (block->span == MOLT__NO_SPAN || ref->offset == MOLT__NO_PLACE)
        return;
    const MoltSpan *span = &keep->into->spans[block->span];
    molt__coder_check(coder,
                      ref->offset <= molt__span_bytes(span, molt__span_count(span, block->index)),
                      "a pointer leads out of its object");
}

/* A pointer that was NULL, for which a struct of today stands: attic_null.h takes that for a whole one. */
static bool is_sound_null(const MoltKeepsakes *keep, const MoltAtticRun *run)
{
    const MoltSchema *now = keep->schema;
    return run->placed && run->was.kind == MOLT__LEAF_POINTER &&
           run->is.type < now->tables.type_count &&
           molt_type(now, run->is.type)->kind == MOLT_KIND_STRUCT &&
           run->is.size == molt_type(now, run->is.type)->size;
}

static void code_run(MoltKeepsakes *keep, const MoltAtticPage *page, MoltAtticRun *run,
                     uint64_t room, uint64_t room_now)
{
    MoltCoder *coder = &keep->coder;
    bool *flags[] = {&run->placed, &run->lent, &run->aims, &run->copy,
                     &run->part,   &run->null, &run->mixed};
    code_leaf(coder, &run->was);
    code_leaf(coder, &run->is);
    for (size_t f = 0; f < sizeof flags / sizeof flags[0]; f++)
        molt__code_bool(coder, flags[f]);
    molt__code_u32(coder, &run->hooked);
    molt__code_u32(coder, &run->watch_count);
    for (uint32_t w = 0; w < MOLT__WATCHES && w < run->watch_count; w++) {
        molt__code_u64(coder, &run->watches[w].at);
        molt__code_u64(coder, &run->watches[w].size);
    }
    if (!molt__coder_reads(coder) || !molt__coder_good(coder))
        return;
    const MoltSchema *then = page->step->schema;
    MoltTypeId root = molt__leaf_root(then, page->type, page->tail);
    run->is.count = run->was.count; /* so many of it are looked at */
    bool sound = is_sound(&run->was, room, then->tables.type_count) &&
                 is_of(then, root, &run->was) &&
                 (!run->placed || is_sound(&run->is, room_now, UINT32_MAX)) &&
                 run->hooked <= then->tables.type_count && run->watch_count <= MOLT__WATCHES + 1 &&
                 (!run->null || is_sound_null(keep, run));
    for (uint32_t w = 0; sound && w < MOLT__WATCHES && w < run->watch_count; w++)
        sound = !run->placed || fits(run->watches[w].at, run->is.stride, run->was.count,
                                     run->watches[w].size, room_now);
    molt__coder_check(coder, sound, "a value lies outside of its object");
}

static void code_fresh(MoltKeepsakes *keep, MoltAtticFreshList *list, uint64_t room)
{
    MoltCoder *coder = &keep->coder;
    bool reads = molt__coder_reads(coder);
    molt__code_count(coder, &list->sample_count, 1);
    if (reads)
        list->samples = molt__code_table(coder, list->sample_count, 1);
    if (reads)
        list->sample_slots = list->sample_count = list->samples ? list->sample_count : 0;
    if (list->sample_count > 0)
        molt__code_bytes(coder, list->samples, list->sample_count);
    molt__code_count(coder, &list->count, 48);
    if (reads)
        list->items = molt__code_table(coder, list->count, sizeof *list->items);
    if (reads)
        list->slots = list->count = list->items ? list->count : 0;
    for (uint64_t f = 0; f < list->count && molt__coder_good(coder); f++) {
        MoltAtticFresh fresh = list->items[f];
        code_leaf_in(keep, &fresh.leaf, room);
        molt__code_u64(coder, &fresh.sample);
        uint64_t size = molt__leaf_sample_size(&fresh.leaf);
        molt__coder_check(coder,
                          size <= list->sample_count && fresh.sample <= list->sample_count - size,
                          "a sample is missing");
        if (reads)
            list->items[f] = fresh;
    }
}

static void code_watched(MoltKeepsakes *keep, MoltAtticPage *page, uint64_t room)
{
    MoltCoder *coder = &keep->coder;
    bool reads = molt__coder_reads(coder);
    molt__code_count(coder, &page->watched_count, 40);
    if (reads)
        page->watched = molt__code_table(coder, page->watched_count, sizeof *page->watched);
    if (reads)
        page->watched_slots = page->watched_count = page->watched ? page->watched_count : 0;
    for (uint64_t w = 0; w < page->watched_count && molt__coder_good(coder); w++) {
        MoltLeaf leaf = page->watched[w];
        code_leaf_in(keep, &leaf, room);
        if (reads)
            page->watched[w] = leaf;
    }
}

/* ---- one page -------------------------------------------------------------------------------- */

bool molt__keep_element_sizes(const MoltKeepsakes *keep, const MoltAtticSlot *slot, uint64_t *was,
                              uint64_t *is)
{
    const MoltAtticPage *page = slot->page;
    const MoltSchema *then = page->step->schema, *now = keep->schema;
    if (page->type >= then->tables.type_count || slot->type >= now->tables.type_count ||
        (page->tail && (!molt_schema_tail(then, page->type) || !molt_schema_tail(now, slot->type))))
        return false;
    *was = molt_type(then, molt__leaf_root(then, page->type, page->tail))->size;
    *is = molt_type(now, molt__leaf_root(now, slot->type, page->tail))->size;
    return *was < ELEMENT_MOST && *is < ELEMENT_MOST;
}

static void code_head(MoltKeepsakes *keep, MoltAtticSlot *slot)
{
    MoltCoder *coder = &keep->coder;
    MoltAtticPage *page = slot->page;
    molt__code_u32(coder, &slot->type);
    molt__code_u32(coder, &page->type);
    molt__code_u8(coder, &page->pool);
    molt__code_u32(coder, &page->edit);
    bool *flags[] = {&page->tail, &page->functions, &page->raw, &page->partial, &page->columns};
    for (size_t f = 0; f < sizeof flags / sizeof flags[0]; f++)
        molt__code_bool(coder, flags[f]);
    molt__coder_check(coder, page->pool <= MOLT__POOL_HEADER, "a page is of no objects");
    if (molt__coder_reads(coder))
        page->sampled = page->columns;
}

static void code_runs(MoltKeepsakes *keep, MoltAtticPage *page, uint64_t was, uint64_t is)
{
    MoltCoder *coder = &keep->coder;
    bool reads = molt__coder_reads(coder);
    molt__code_count(coder, &page->run_count, 90);
    if (reads)
        page->runs = molt__code_table(coder, page->run_count, sizeof *page->runs);
    if (reads)
        page->run_slots = page->run_count = page->runs ? page->run_count : 0;
    for (uint64_t r = 0; r < page->run_count && molt__coder_good(coder); r++) {
        MoltAtticRun run = page->runs[r];
        code_run(keep, page, &run, was, is);
        if (reads)
            page->runs[r] = run;
    }
}

static void code_refs(MoltKeepsakes *keep, MoltAtticPage *page)
{
    MoltCoder *coder = &keep->coder;
    bool reads = molt__coder_reads(coder);
    molt__code_count(coder, &page->ref_count, 29);
    if (reads)
        page->refs = molt__code_table(coder, page->ref_count, sizeof *page->refs);
    if (reads)
        page->ref_slots = page->ref_count = page->refs ? page->ref_count : 0;
    for (uint64_t r = 0; r < page->ref_count && molt__coder_good(coder); r++) {
        MoltAtticRef ref = page->refs[r];
        code_ref(keep, page, &ref);
        if (reads)
            page->refs[r] = ref;
    }
}

static bool is_plain_page(const MoltAtticPage *page)
{
    for (uint64_t r = 0; r < page->run_count; r++) {
        const MoltAtticRun *run = &page->runs[r];
        if (run->was.kind > MOLT__LEAF_TEXT || run->was.guard_count > 0 ||
            run->is.guard_count > 0 || run->watch_count > 0 || run->hooked > 0 || run->aims ||
            run->copy)
            return false;
    }
    return !page->tail && page->pool == 0 && page->edit == 0 && !page->partial &&
           page->watched_count == 0;
}

static void code_page(MoltKeepsakes *keep, MoltAtticSlot *slot, const MoltAtticPage *last)
{
    MoltCoder *coder = &keep->coder;
    MoltAtticPage *page = slot->page;
    uint64_t was = 0, is = 0;
    code_step(keep, page, last);
    code_head(keep, slot);
    if (!molt__coder_good(coder) ||
        !molt__coder_check(coder, molt__keep_element_sizes(keep, slot, &was, &is),
                           "a page is of no type"))
        return;
    code_runs(keep, page, was, is);
    code_refs(keep, page);
    code_fresh(keep, &page->fresh, is);
    code_watched(keep, page, is);
    molt__keep_others(keep, page);
    molt__coder_check(coder, !page->columns || is_plain_page(page),
                      "columns are of no plain values");
    if (molt__coder_reads(coder) && molt__coder_good(coder))
        molt__attic_page_layout(page);
    molt__keep_records(keep, slot);
    if (page->columns && molt__coder_good(coder))
        molt__keep_stretches(keep, slot);
}

static void read_page(MoltKeepsakes *keep)
{
    MoltCoder *coder = &keep->coder;
    MoltAttic *attic = &keep->attic;
    MoltAtticSlot *slot = &attic->pages[attic->page_count];
    const MoltAtticPage *last = attic->page_count > 0 ? slot[-1].page : NULL;
    slot->page = molt__code_table(coder, 1, sizeof *slot->page);
    if (!slot->page)
        return;
    slot->page->shares = 1;
    attic->page_count++;
    code_page(keep, slot, last);
    attic->records += slot->live;
    attic->columns += slot->alive != NULL;
}

/* ---- all of them ----------------------------------------------------------------------------- */

void molt__keep_pages(MoltKeepsakes *keep)
{
    MoltCoder *coder = &keep->coder;
    const MoltAttic *from = &keep->heap->attic;
    MoltAttic *attic = &keep->attic;
    uint64_t count = from->page_count;
    molt__code_count(coder, &count, 32);
    if (molt__coder_reads(coder)) {
        attic->pages = molt__code_table(coder, count, sizeof *attic->pages);
        attic->page_slots = attic->pages ? count : 0;
    }
    for (uint64_t p = 0; p < count && molt__coder_good(coder); p++) {
        if (molt__coder_reads(coder)) {
            read_page(keep);
            continue;
        }
        MoltAtticPage page = *from->pages[p].page;
        MoltAtticSlot slot = from->pages[p];
        slot.page = &page;
        code_page(keep, &slot, p > 0 ? from->pages[p - 1].page : NULL);
    }
    molt__keep_moved(keep);
}
