#include "constant_row.h"

#include <string.h>

#include "descent.h"
#include "fresh_block.h"
#include "molt/constants.h"

/* A pointer in a constant, and the constant in both libraries. */
typedef struct Way {
    const MoltConstantPlace *was,
        *is;                       /* is: NULL, the new library has none of that name and type */
    uint64_t row, element, offset; /* the element counts in its row */
    uint64_t unit;                 /* bytes of an old element */
    bool end;                      /* one past the last row */
} Way;

/* ---- which constant --------------------------------------------------------------------------- */

static bool may_be_untyped(const MoltType *type)
{
    return type->kind == MOLT_KIND_VOID || (type->kind == MOLT_KIND_INT && type->size == 1);
}

/* The last constant that begins at or before the address; they may end and begin at one address. */
static const MoltConstantPlace *find_place(const MoltMigration *m, const MoltOp *op,
                                           uintptr_t value)
{
    const MoltConstants *all = m->code->constants;
    const MoltSchema *schema = m->plan->before;
    uint32_t low = 0, high = all ? all->count : 0;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (all->items[middle].begin <= value)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return NULL;
    const MoltConstantPlace *at = &all->items[low - 1], *before = low > 1 ? at - 1 : NULL;
    if (before && before->begin == at->begin)
        return NULL; /* two names of one place: nobody knows which is meant */
    bool ends = before && before->end == value && before->constant->type == op->before;
    if (ends && at->begin == value && at->constant->type != op->before &&
        !may_be_untyped(molt_type(schema, op->before)))
        return before;
    if (value == at->end && at->constant->type != op->before)
        return NULL; /* of something behind it, or nothing that its type tells */
    return value <= at->end ? at : NULL;
}

static const MoltConstantPlace *find_name(const MoltConstants *all, const char *name)
{
    const MoltConstantPlace *found = NULL;
    for (uint32_t c = 0; all && c < all->count; c++) {
        if (strcmp(all->items[c].name, name) == 0)
            found = &all->items[c];
    }
    return found;
}

/* A MOLT_WAS of the constant says that name. */
static bool was_named(const MoltConstants *all, const MoltConstantPlace *place, const char *name)
{
    const char *was = place->constant->was != 0 ? all->text + place->constant->was : "";
    while (was[0] != '\0' && strcmp(was, name) != 0)
        was += strlen(was) + 1;
    return was[0] != '\0';
}

/* By a new MOLT_WAS, by its name, or by its own MOLT_WAS where the edit that brought that is undone. One that
 * both libraries have was applied before. */
static const MoltConstantPlace *find_same(const MoltMigration *m, const MoltConstantPlace *was)
{
    const MoltConstants *old = m->code->constants, *all = m->code->next_constants;
    MoltTypeId type = m->plan->types[was->constant->type].after;
    const MoltConstantPlace *found = NULL;
    for (uint32_t c = 0; all && !found && c < all->count; c++) {
        if (was_named(all, &all->items[c], was->name) && !find_name(old, all->items[c].name))
            found = &all->items[c];
    }
    if (!found)
        found = find_name(all, was->name);
    for (uint32_t c = 0; all && !found && c < all->count; c++) {
        if (was_named(old, was, all->items[c].name) && !find_name(old, all->items[c].name))
            found = &all->items[c];
    }
    return found && found->constant->type == type ? found : NULL;
}

/* ---- which row -------------------------------------------------------------------------------- */

static const char *key_of(const MoltConstants *all, const MoltConstant *constant, uint64_t row)
{
    return constant->keys != 0 ? all->text + all->keys[constant->keys + row] : "";
}

/* The text that a struct begins with, in a constant of the library: NULL where it begins with none. */
static const char *name_in(const MoltSchema *schema, const MoltConstants *all, MoltTypeId id,
                           uintptr_t row)
{
    const MoltType *type = molt_type(schema, id);
    if (type->kind != MOLT_KIND_STRUCT || type->count == 0)
        return NULL;
    const MoltField *first = &schema->tables.fields[type->first];
    const MoltType *held = molt_type(schema, first->type);
    bool chars = (held->kind == MOLT_KIND_ARRAY || held->kind == MOLT_KIND_POINTER) &&
                 molt_type(schema, held->elem)->flags & MOLT_TYPE_CHAR;
    const char *text = (const char *)(row + first->bit_offset / 8); /* NOLINT: in the library */
    uintptr_t address;
    if (!chars)
        return NULL;
    if (held->kind == MOLT_KIND_ARRAY)
        return memchr(text, '\0', held->size) ? text : NULL;
    memcpy(&address, text, sizeof address);
    return address - all->begin < all->end - all->begin ? (const char *)address : NULL; /* NOLINT */
}

typedef struct Table {
    const MoltSchema *schema;
    const MoltConstants *all;
    const MoltConstantPlace *place;
    uint64_t stride; /* bytes of a row */
} Table;

static Table table_of(const MoltSchema *schema, const MoltConstants *all,
                      const MoltConstantPlace *place)
{
    uint64_t unit = molt_type(schema, place->constant->type)->size;
    return (Table){schema, all, place, unit * place->constant->per_row};
}

static const char *row_name(const Table *table, uint64_t row)
{
    return name_in(table->schema, table->all, table->place->constant->type,
                   table->place->begin + (uintptr_t)(row * table->stride));
}

/* How many rows have that name; *row is the last of them. */
static uint64_t count_named(const Table *table, const char *name, uint64_t *row)
{
    uint64_t count = 0;
    for (uint64_t r = 0; r < table->place->constant->rows; r++) {
        const char *other = row_name(table, r);
        if (other && strcmp(other, name) == 0) {
            *row = r;
            count++;
        }
    }
    return count;
}

typedef enum RowFate { ROW_FOUND, ROW_SHIFTED, ROW_GONE } RowFate;

/* Equal but for words that hold addresses, each in its library. */
static bool same_row(const Table *was, uint64_t old_row, const Table *is, uint64_t new_row)
{
    const char *a =
        (const char *)(was->place->begin + (uintptr_t)(old_row * was->stride)); /* NOLINT */
    const char *b =
        (const char *)(is->place->begin + (uintptr_t)(new_row * is->stride)); /* NOLINT */
    for (uint64_t at = 0; at < was->stride; at += sizeof(uintptr_t)) {
        uint64_t rest = was->stride - at < sizeof(uintptr_t) ? was->stride - at : sizeof(uintptr_t);
        uintptr_t x = 0, y = 0;
        memcpy(&x, a + at, rest);
        memcpy(&y, b + at, rest);
        if (x != y && (x - was->all->begin >= was->all->end - was->all->begin ||
                       y - is->all->begin >= is->all->end - is->all->begin))
            return false;
    }
    return true;
}

/* By index; what the row held may stand at another one now, which is worth a word. */
static RowFate row_by_index(const Table *was, const Table *is, bool alike, uint64_t row,
                            uint64_t *out)
{
    uint64_t found = 0;
    *out = row;
    if (row >= is->place->constant->rows)
        return ROW_GONE;
    const MoltType *type = molt_type(was->schema, was->place->constant->type);
    bool record = type->kind == MOLT_KIND_STRUCT || type->kind == MOLT_KIND_UNION;
    if (!alike || !record || was->stride != is->stride || same_row(was, row, is, row))
        return ROW_FOUND; /* of numbers equal ones say nothing */
    for (uint64_t r = 0; r < is->place->constant->rows; r++)
        found += same_row(was, row, is, r);
    return found == 1 ? ROW_SHIFTED : ROW_FOUND;
}

static RowFate row_by_key(const Table *was, const Table *is, uint64_t row, uint64_t *out)
{
    const char *key = key_of(was->all, was->place->constant, row);
    for (uint64_t r = 0; r < is->place->constant->rows; r++) {
        const char *other = key_of(is->all, is->place->constant, r);
        if (key[0] != '\0' ? strcmp(key, other) == 0 : r == row && other[0] == '\0') {
            *out = r;
            return ROW_FOUND;
        }
    }
    return ROW_GONE;
}

static RowFate find_row(const MoltMigration *m, const Way *way, uint64_t *out)
{
    const Table was = table_of(m->plan->before, m->code->constants, way->was);
    const Table is = table_of(m->plan->after, m->code->next_constants, way->is);
    bool alike = m->plan->types[way->was->constant->type].fate == MOLT_FATE_SAME;
    uint64_t rows = is.place->constant->rows, other = 0;
    if (way->was->constant->keys != 0 && way->is->constant->keys != 0)
        return row_by_key(&was, &is, way->row, out);
    const char *name = row_name(&was, way->row);
    if (!name || name[0] == '\0' || count_named(&was, name, &other) != 1)
        return row_by_index(&was, &is, alike, way->row, out);
    uint64_t count = count_named(&is, name, out);
    if (count == 1)
        return ROW_FOUND;
    /* renamed in its place, unless the row that stands there is another one of before */
    const char *now = way->row < rows ? row_name(&is, way->row) : NULL;
    *out = way->row;
    return count > 1 ||
                   (now && rows == was.place->constant->rows && count_named(&was, now, &other) == 0)
               ? row_by_index(&was, &is, false, way->row, out)
               : ROW_GONE;
}

/* ---- rows that are gone ------------------------------------------------------------------------ */

static void run_copy(MoltMigration *m, const MoltRowCopy *copy)
{
    const MoltTypePlan *type = &m->plan->types[copy->type];
    uint64_t unit = molt_type(m->plan->before, copy->type)->size;
    uint64_t size = molt_type(m->plan->after, type->after)->size;
    unsigned char *from = (unsigned char *)copy->before; /* NOLINT: in the library */
    unsigned char *to = (unsigned char *)copy->after;    /* NOLINT: the new block */
    m->scanning = type->fate == MOLT_FATE_SAME;
    if (m->scanning) {
        memcpy(to, from, unit);
        molt__execute(m, type->first_scan, type->scan_count, to, size, to, size, 1);
    } else {
        molt__execute(m, type->first_op, type->op_count, from, unit, to, size, 1);
    }
    m->object++;
}

void molt__constant_rows_run(MoltMigration *m)
{
    MoltRowCopies *copies = &m->row_copies;
    bool apart = m->apart, scanning = m->scanning;
    m->apart = true; /* the attic knows nothing of a library's rows */
    m->batch_of_blocks = false;
    m->batch_element = 0;
    m->batch_span = NULL;
    copies->running = true;
    while (copies->made < copies->count && !m->failed) {
        const MoltRowCopy copy = copies->items[copies->made++]; /* to run one may add more */
        run_copy(m, &copy);
    }
    copies->running = false;
    copies->ran = true;
    m->apart = apart;
    m->scanning = scanning;
}

/* The copy's place in the new state, whose values come when all pointers are known; 0 when memory is out. */
static uintptr_t copy_of(MoltMigration *m, uintptr_t element, MoltTypeId type)
{
    MoltRowCopies *copies = &m->row_copies;
    for (uint64_t c = 0; c < copies->count; c++) {
        if (copies->items[c].before == element && copies->items[c].type == type)
            return copies->items[c].after;
    }
    unsigned char *block = molt__fresh_block(m, m->plan->types[type].after, 1, true);
    if (!block || !molt__migration_grow(m, (void **)&copies->items, &copies->slots, copies->count,
                                        1, sizeof *copies->items))
        return 0;
    copies->items[copies->count++] = (MoltRowCopy){element, (uintptr_t)block, type};
    if (copies->ran && !copies->running)
        molt__constant_rows_run(m);
    return (uintptr_t)block;
}

bool molt__constant_row_name(const MoltMigration *m, uintptr_t address, MoltTypeId type,
                             MoltRowName *out)
{
    const MoltConstants *all = m->code ? m->code->constants : NULL;
    uint64_t other = 0;
    for (uint32_t c = 0; all && c < all->count; c++) {
        const MoltConstantPlace *place = &all->items[c];
        if (place->constant->type != type || address - place->begin >= place->end - place->begin)
            continue;
        const Table table = table_of(m->plan->before, all, place);
        uint64_t row = (address - place->begin) / table.stride;
        const char *title = row_name(&table, row);
        bool own = title && title[0] != '\0' && count_named(&table, title, &other) == 1;
        *out = (MoltRowName){.constant = place->name,
                             .key = key_of(all, place->constant, row),
                             .title = own ? title : "",
                             .row = row,
                             .element = (address - place->begin) % table.stride /
                                        molt_type(m->plan->before, type)->size};
        return true;
    }
    return false;
}

/* The row of a constant of the library that comes, as find_row() would have found it. */
static bool find_again(const Table *is, const MoltRowStands *stands, const MoltRowStand *stand,
                       uint64_t *row)
{
    const char *key = stands->text + stand->key, *title = stands->text + stand->title;
    const MoltConstant *constant = is->place->constant;
    *row = stand->row;
    if (key[0] != '\0' && constant->keys != 0) {
        for (uint64_t r = 0; r < constant->rows; r++) {
            if (strcmp(key_of(is->all, constant, r), key) == 0) {
                *row = r;
                return true;
            }
        }
        return false;
    }
    if (title[0] != '\0')
        return count_named(is, title, row) == 1;
    return stand->row < constant->rows;
}

uintptr_t molt__constant_row_again(MoltMigration *m, const MoltOp *op, uint32_t span,
                                   uint32_t block, uint64_t at)
{
    const MoltConstants *all = m->code ? m->code->next_constants : NULL;
    const MoltRowStands *stands = m->heap->attic.stands;
    const MoltRowStand *stand = all ? molt__row_stand_find(m->heap, span, block) : NULL;
    const MoltSpan *from = &m->heap->spans[span];
    const MoltConstantPlace *place = stand ? find_name(all, stands->text + stand->constant) : NULL;
    MoltTypeId after = m->plan->types[from->type].after, ambiguous = MOLT_NO_TYPE;
    uint64_t row, inner = at;
    uintptr_t box = 0;
    if (!place || !op->pointee_ok || place->constant->type != after ||
        stand->element >= place->constant->per_row)
        return 0;
    const Table is = table_of(m->plan->after, all, place);
    const MoltDescentWay way = {.before = from->type,
                                .after = after,
                                .offset = at,
                                .pointee = op->before,
                                .to_void =
                                    molt_type(m->plan->after, op->after)->kind == MOLT_KIND_VOID,
                                .object = molt__span_block(from, block)};
    bool whole =
        m->plan->types[from->type].fate == MOLT_FATE_SAME || (at == 0 && op->before == from->type);
    if (!find_again(&is, stands, stand, &row) ||
        (!whole && (!molt__descent_map_element(m, &way, &box, &inner, &ambiguous) || box != 0)))
        return 0;
    molt__made_give_way(m, span, block);
    return place->begin +
           (uintptr_t)(row * is.stride + stand->element * molt_type(m->plan->after, after)->size +
                       inner);
}

void molt__constant_rows_release(MoltMigration *m)
{
    molt__migration_free(m, m->row_copies.items, m->row_copies.slots, sizeof *m->row_copies.items);
    m->row_copies = (MoltRowCopies){0};
}

/* ---- pointers ---------------------------------------------------------------------------------- */

static const char *what_of(const Way *way)
{
    return way->is ? "which has no such row by now" : "which is gone";
}

static uintptr_t refuse(MoltMigration *m, const MoltOp *op, const Way *way, uint64_t i)
{
    molt__tally(m, op, MOLT_RULE_DATA_MISSING, MOLT_REFUSE, i, "row %llu of %s, %s",
                (unsigned long long)way->row, way->was->name, what_of(way));
    return 0;
}

static uintptr_t copy_row(MoltMigration *m, const MoltOp *op, const Way *way, uint64_t i,
                          MoltCodeEntry *entry)
{
    MoltTypeId type = way->was->constant->type;
    const MoltType *layout = molt_type(m->plan->before, type);
    bool record = layout->kind == MOLT_KIND_STRUCT || layout->kind == MOLT_KIND_UNION;
    if (!record || way->end || m->plan->types[type].after == MOLT_NO_TYPE ||
        m->plan->types[type].fate == MOLT_FATE_GONE || molt__plan_keeps(m->plan, type))
        return refuse(m, op, way, i);
    if (!molt__tally(m, op, MOLT_RULE_CONSTANT_COPIED, MOLT_LOSS, i, "row %llu of %s, %s",
                     (unsigned long long)way->row, way->was->name, what_of(way)) ||
        m->mode != MOLT__RUN_STATE)
        return 0;
    entry->rule = MOLT_RULE_CONSTANT_COPIED;
    uint64_t element = way->row * way->was->constant->per_row + way->element;
    return copy_of(m, way->was->begin + (uintptr_t)(element * way->unit), type);
}

/* Where in an element of the new layout the pointer leads; false when that is gone. */
static bool map_inner(MoltMigration *m, const MoltOp *op, const Way *way, uint64_t *inner)
{
    MoltTypeId type = way->was->constant->type, after = m->plan->types[type].after;
    uintptr_t box = 0;
    MoltTypeId ambiguous = MOLT_NO_TYPE;
    bool exact = !op->pointee_ok && (way->offset != 0 || after != op->after);
    *inner = way->offset;
    if (!exact && (m->plan->types[type].fate == MOLT_FATE_SAME || after == MOLT_NO_TYPE ||
                   (way->offset == 0 && op->before == type)))
        return true;
    if (after == MOLT_NO_TYPE)
        return false;
    uint64_t element = way->row * way->was->constant->per_row + way->element;
    MoltDescentWay down = {
        .before = type,
        .after = after,
        .offset = way->offset,
        .pointee = op->before,
        .to_void = molt_type(m->plan->after, op->after)->kind == MOLT_KIND_VOID,
        .object = (const unsigned char *)(way->was->begin + /* NOLINT: in the library */
                                          (uintptr_t)(element * way->unit)),
        .exact = exact,
        .to = op->after};
    return molt__descent_map_element(m, &down, &box, inner, &ambiguous) && box == 0;
}

static Way way_of(const MoltMigration *m, const MoltConstantPlace *place, uintptr_t value)
{
    Way way = {.was = place, .is = find_same(m, place)};
    way.unit = molt_type(m->plan->before, place->constant->type)->size;
    uint64_t at = value - place->begin, element = at / way.unit;
    way.offset = at % way.unit;
    way.end = value == place->end;
    way.row = element / place->constant->per_row;
    way.element = element % place->constant->per_row;
    return way;
}

static uintptr_t relocate(MoltMigration *m, const MoltOp *op, const Way *way, uint64_t i,
                          MoltCodeEntry *entry)
{
    MoltTypeId type = way->was->constant->type;
    uint64_t inner = 0, row = 0;
    bool exact = !op->pointee_ok && (way->offset != 0 || m->plan->types[type].after != op->after);
    bool mapped = !(exact && way->end) && map_inner(m, op, way, &inner);
    if (exact && !mapped) {
        molt__tally(m, op, MOLT_RULE_POINTEE_CHANGED, MOLT_REFUSE, i, "a pointer into %s",
                    way->was->name);
        return 0;
    }
    if (way->end)
        return way->is ? way->is->end : refuse(m, op, way, i);
    if (!mapped) {
        molt__tally(m, op, MOLT_RULE_TARGET_REMOVED, MOLT_REFUSE, i,
                    "a pointer into row %llu of %s at byte %llu", (unsigned long long)way->row,
                    way->was->name, (unsigned long long)way->offset);
        return 0;
    }
    RowFate fate = way->is ? find_row(m, way, &row) : ROW_GONE;
    if (fate == ROW_GONE || way->element >= way->is->constant->per_row) {
        uintptr_t copy = copy_row(m, op, way, i, entry);
        return copy != 0 ? copy + (uintptr_t)inner : 0;
    }
    if (fate == ROW_SHIFTED) {
        entry->rule = MOLT_RULE_CONSTANT_SHIFTED;
        if (!molt__tally(m, op, MOLT_RULE_CONSTANT_SHIFTED, MOLT_LOSS, i,
                         "row %llu of %s: what it held is another row by now",
                         (unsigned long long)way->row, way->was->name))
            return 0;
    }
    uint64_t unit = molt_type(m->plan->after, way->is->constant->type)->size;
    uint64_t element = row * way->is->constant->per_row + way->element;
    return way->is->begin + (uintptr_t)(element * unit + inner);
}

bool molt__constant_relocate(MoltMigration *m, const MoltOp *op, uint64_t i, MoltCodeEntry *entry)
{
    const MoltConstantPlace *place =
        m->code->next_constants && !m->code->stays ? find_place(m, op, entry->before) : NULL;
    if (!place || molt_type(m->plan->before, place->constant->type)->size == 0)
        return false;
    const Way way = way_of(m, place, entry->before);
    entry->after = relocate(m, op, &way, i, entry);
    return true;
}
