#include "keepsake_parts.h"

#include <string.h>

#include "kept_types.h"
#include "lineage.h"
#include "tables.h"

/* ---- one schema ------------------------------------------------------------------------------ */

static void code_part(MoltCoder *coder, const void **items, uint64_t count, uint64_t size)
{
    molt__code_align(coder);
    if (molt__coder_reads(coder))
        *items = molt__code_view(coder, count * size);
    else
        molt__code_bytes(coder, (void *)(uintptr_t)*items, count * size); /* only read */
}

static void code_counts(MoltCoder *coder, MoltTables *tables)
{
    uint32_t *counts[] = {
        &tables->type_count,     &tables->field_count,   &tables->enumerator_count,
        &tables->ref_count,      &tables->note_count,    &tables->root_count,
        &tables->spelling_count, &tables->constant_size, &tables->string_size};
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
        molt__code_count32(coder, counts[c], 1);
}

static void code_tables(MoltCoder *coder, MoltTables *tables)
{
    molt__code_u32(coder, &tables->size);
    molt__code_u32(coder, &tables->version);
    molt__code_bytes(coder, &tables->abi, sizeof tables->abi);
    molt__code_bytes(coder, &tables->hash, sizeof tables->hash);
    code_counts(coder, tables);
#define X(name, count)                                                                             \
    {                                                                                              \
        const void *items = tables->name;                                                          \
        code_part(coder, &items, tables->count, sizeof *tables->name);                             \
        tables->name = items;                                                                      \
    }
    X(types, type_count)
    X(fields, field_count)
    X(enumerators, enumerator_count)
    X(refs, ref_count)
    X(notes, note_count)
    X(roots, root_count)
    X(spellings, spelling_count)
    X(constants, constant_size)
    X(strings, string_size)
#undef X
}

/* What a schema with kept types knows beside its tables. */
static void code_kept(MoltCoder *coder, MoltSchema *schema)
{
    molt__code_u32(coder, &schema->source_types);
    molt__code_u32(coder, &schema->kept_types);
    molt__code_u32(coder, &schema->kept_numbers);
    molt__code_u32(coder, &schema->kept_notes);
    const MoltTables *tables = &schema->tables;
    molt__coder_check(coder,
                      schema->source_types <= schema->kept_types &&
                          schema->kept_types <= tables->type_count &&
                          schema->kept_numbers <= tables->type_count - schema->kept_types &&
                          schema->kept_notes <= tables->note_count,
                      "a schema keeps types that it does not have");
}

static void code_schema(MoltKeepsakes *keep, uint32_t index)
{
    MoltCoder *coder = &keep->coder;
    if (!molt__coder_reads(coder)) {
        MoltSchema copy = *keep->listed[index];
        code_tables(coder, &copy.tables);
        code_kept(coder, &copy);
        return;
    }
    MoltSchema read = {.source_types = 0};
    MoltError why = {0};
    MoltSchema **out = &keep->schemas[index];
    code_tables(coder, &read.tables);
    code_kept(coder, &read);
    if (!molt__coder_good(coder))
        return;
    MoltStatus status = molt__schema_make(&read.tables, false, &keep->schema->allocator, out, &why);
    if (status == MOLT_OUT_OF_MEMORY)
        molt__coder_starve(coder);
    else if (status != MOLT_OK)
        molt__coder_wrong(coder, why.text);
    if (status != MOLT_OK)
        return;
    (*out)->source_types = read.source_types;
    (*out)->kept_types = read.kept_types;
    (*out)->kept_numbers = read.kept_numbers;
    (*out)->kept_notes = read.kept_notes;
    (*out)->tables.hash = read.tables.hash;
}

/* ---- all of them ----------------------------------------------------------------------------- */

/* Copies of one schema are alike from their tables on. */
static bool are_alike(const MoltSchema *a, const MoltSchema *b)
{
    const size_t head = sizeof *a;
    return a->storage_size == b->storage_size && a->kept_types == b->kept_types &&
           a->source_types == b->source_types && a->kept_numbers == b->kept_numbers &&
           a->kept_notes == b->kept_notes && a->tables.type_count == b->tables.type_count &&
           memcmp(&a->tables.hash, &b->tables.hash, sizeof a->tables.hash) == 0 &&
           memcmp((const char *)a->storage + head, (const char *)b->storage + head,
                  a->storage_size - head) == 0;
}

static uint32_t find(const MoltKeepsakes *keep, const MoltSchema *schema)
{
    uint32_t at = 0;
    while (at < keep->schema_count && keep->listed[at] != schema &&
           !are_alike(keep->listed[at], schema))
        at++;
    return at;
}

static void list(MoltKeepsakes *keep, const MoltSchema *schema)
{
    uint32_t at = find(keep, schema);
    if (at == keep->schema_count)
        keep->listed[keep->schema_count++] = schema;
}

static uint64_t most_schemas(const MoltHeap *heap)
{
    return 1 + MOLT_SCHEMA_VERSIONS + heap->attic.page_count;
}

static void list_all(MoltKeepsakes *keep)
{
    const MoltHeap *heap = keep->heap;
    const MoltCoder *coder = &keep->coder;
    uint64_t bytes = most_schemas(heap) * sizeof *keep->listed;
    keep->listed = coder->allocator.resize(coder->allocator.context, NULL, 0, bytes);
    if (!keep->listed) {
        molt__coder_starve(&keep->coder);
        return;
    }
    list(keep, heap->schema);
    for (uint32_t v = 0; v < heap->schema->version_count; v++)
        list(keep, heap->schema->versions[v]->schema);
    for (uint64_t p = 0; p < heap->attic.page_count; p++)
        list(keep, heap->attic.pages[p].page->step->schema);
}

void molt__keep_schemas(MoltKeepsakes *keep)
{
    MoltCoder *coder = &keep->coder;
    if (!molt__coder_reads(coder))
        list_all(keep);
    molt__code_count32(coder, &keep->schema_count, sizeof(MoltTables) / 2);
    if (molt__coder_reads(coder)) {
        molt__coder_check(coder, keep->schema_count > 0, "there is no schema");
        keep->schemas = molt__code_table(coder, keep->schema_count, sizeof *keep->schemas);
    }
    for (uint32_t s = 0; s < keep->schema_count && molt__coder_good(coder); s++)
        code_schema(keep, s);
}

const MoltSchema *molt__keep_schema(MoltKeepsakes *keep, const MoltSchema *schema)
{
    MoltCoder *coder = &keep->coder;
    uint32_t at = schema ? find(keep, schema) : 0;
    molt__code_u32(coder, &at);
    if (!molt__coder_check(coder, at < keep->schema_count, "a schema is meant that is not there"))
        return NULL;
    return molt__coder_reads(coder) ? keep->schemas[at] : keep->listed[at];
}

void molt__keep_schemas_free(MoltKeepsakes *keep)
{
    for (uint32_t s = 0; keep->schemas && s < keep->schema_count; s++)
        molt_schema_free(keep->schemas[s]);
    molt__code_free(&keep->coder, keep->schemas, keep->schema_count, sizeof *keep->schemas);
    if (keep->listed)
        molt__code_free(&keep->coder, keep->listed, most_schemas(keep->heap), sizeof *keep->listed);
    for (uint32_t v = 0; v < keep->version_count && molt__coder_reads(&keep->coder); v++)
        molt__version_drop(keep->versions[v]);
    keep->version_count = 0;
}

/* ---- versions -------------------------------------------------------------------------------- */

/* Room that the version owns: with its own allocator, of as many slots as things. */
static void *make_room(MoltKeepsakes *keep, const MoltVersion *version, uint64_t count,
                       uint64_t size)
{
    void *room = count > 0 && molt__coder_good(&keep->coder)
                     ? version->allocator.resize(version->allocator.context, NULL, 0, count * size)
                     : NULL;
    if (count > 0 && !room)
        molt__coder_starve(&keep->coder);
    return room;
}

/* A table of plain numbers. */
static void code_table(MoltKeepsakes *keep, const MoltVersion *version, void **items,
                       uint32_t *count, uint32_t *slots, uint64_t size)
{
    MoltCoder *coder = &keep->coder;
    molt__code_count32(coder, count, size);
    if (molt__coder_reads(coder)) {
        *items = make_room(keep, version, *count, size);
        *count = *slots = *items ? *count : 0;
    }
    if (*count > 0)
        molt__code_bytes(coder, *items, *count * size);
}

/* A birth is a path such as "^.#7[2].#12", which whoever follows it relies on. */
static bool is_birth(const char *path)
{
    const char *digits = "0123456789";
    while (*path != '\0') {
        bool line = *path == '#', index = *path == '[';
        size_t length = line || index ? strspn(path + 1, digits) : 0;
        if ((line || index) && (length == 0 || length > 9))
            return false;
        if (!line && !index && *path != '^' && *path != '.')
            return false;
        path += 1 + length;
        if (index && *path++ != ']')
            return false;
    }
    return true;
}

static void check_version(MoltKeepsakes *keep, const MoltVersion *version)
{
    MoltCoder *coder = &keep->coder;
    if (!molt__coder_good(coder))
        return;
    bool text = version->text_size == 0 || version->text[version->text_size - 1] == '\0';
    molt__coder_check(coder, text, "a text has no end");
    for (uint32_t b = 0; b < version->birth_count && molt__coder_good(coder); b++) {
        uint32_t path = version->births[b].path;
        molt__coder_check(coder, path < version->text_size && is_birth(version->text + path),
                          "a birth has no path");
    }
    for (uint32_t l = 0; l < molt__version_line_count(version); l++)
        molt__coder_check(coder, version->lines[l] < version->line_end, "a line was never begun");
}

static void code_version_of(MoltKeepsakes *keep, MoltVersion *version)
{
    MoltCoder *coder = &keep->coder;
    molt__code_u32(coder, &version->serial);
    molt__code_u32(coder, &version->line_end);
    molt__code_bytes(coder, version->lines,
                     (uint64_t)molt__version_line_count(version) * sizeof *version->lines);
    molt__code_u32(coder, &version->ancestor_count);
    if (!molt__coder_check(coder, version->ancestor_count <= MOLT_SCHEMA_VERSIONS,
                           "a version has too many ancestors"))
        version->ancestor_count = 0;
    molt__code_bytes(coder, version->ancestors,
                     version->ancestor_count * sizeof version->ancestors[0]);
    code_table(keep, version, (void **)&version->births, &version->birth_count,
               &version->birth_slots, sizeof *version->births);
    code_table(keep, version, (void **)&version->text, &version->text_size, &version->text_slots,
               1);
    code_table(keep, version, (void **)&version->indexed, &version->indexed_count,
               &version->indexed_slots, sizeof *version->indexed);
    code_table(keep, version, (void **)&version->revivals, &version->revival_count,
               &version->revival_slots, sizeof *version->revivals);
}

static void code_version(MoltKeepsakes *keep, MoltVersion **of)
{
    MoltCoder *coder = &keep->coder;
    bool reads = molt__coder_reads(coder);
    const MoltSchema *schema = molt__keep_schema(keep, reads ? NULL : (*of)->schema);
    if (reads && schema && !(*of = molt__version_make(schema)))
        molt__coder_starve(coder);
    if (!molt__coder_good(coder))
        return;
    if (reads) {
        code_version_of(keep, *of);
        check_version(keep, *of);
    } else {
        MoltVersion copy = {.serial = (*of)->serial,
                            .schema = (*of)->schema,
                            .lines = (*of)->lines,
                            .line_end = (*of)->line_end,
                            .ancestor_count = (*of)->ancestor_count,
                            .births = (*of)->births,
                            .birth_count = (*of)->birth_count,
                            .text = (*of)->text,
                            .text_size = (*of)->text_size,
                            .indexed = (*of)->indexed,
                            .indexed_count = (*of)->indexed_count,
                            .revivals = (*of)->revivals,
                            .revival_count = (*of)->revival_count};
        memcpy(copy.ancestors, (*of)->ancestors, sizeof copy.ancestors);
        code_version_of(keep, &copy);
    }
}

/* ---- hooks ----------------------------------------------------------------------------------- */

static void code_lineage_step(MoltKeepsakes *keep, MoltLineageStep *step)
{
    MoltCoder *coder = &keep->coder;
    molt__code_u64(coder, &step->layout);
    molt__code_u32(coder, &step->type);
    molt__code_u32(coder, &step->reload);
    molt__code_bool(coder, &step->hooked);
    molt__coder_check(coder, step->type < keep->schema->tables.type_count,
                      "a layout is of no type");
}

static void code_lineage(MoltKeepsakes *keep, MoltLineage *lineage)
{
    MoltCoder *coder = &keep->coder;
    molt__code_u32(coder, &lineage->reloads);
    molt__code_count(coder, &lineage->count, 17);
    if (molt__coder_reads(coder)) {
        lineage->steps = molt__code_table(coder, lineage->count, sizeof *lineage->steps);
        lineage->count = lineage->slots = lineage->steps ? lineage->count : 0;
    }
    for (uint64_t s = 0; s < lineage->count; s++)
        code_lineage_step(keep, &lineage->steps[s]);
    molt__code_count(coder, &lineage->trace_count, sizeof *lineage->traces);
    if (molt__coder_reads(coder)) {
        lineage->traces = molt__code_table(coder, lineage->trace_count, sizeof *lineage->traces);
        lineage->trace_count = lineage->trace_slots = lineage->traces ? lineage->trace_count : 0;
    }
    if (lineage->trace_count > 0)
        molt__code_bytes(coder, lineage->traces, lineage->trace_count * sizeof *lineage->traces);
}

void molt__keep_versions(MoltKeepsakes *keep)
{
    MoltCoder *coder = &keep->coder;
    uint32_t count = keep->schema->version_count;
    bool reads = molt__coder_reads(coder);
    if (!reads)
        memcpy(keep->versions, keep->schema->versions, count * sizeof keep->versions[0]);
    molt__code_u32(coder, &count);
    molt__coder_check(coder, count <= MOLT_SCHEMA_VERSIONS, "a session has too many versions");
    for (uint32_t v = 0; v < count && molt__coder_good(coder); v++) {
        code_version(keep, &keep->versions[v]);
        keep->version_count += keep->versions[v] != NULL;
    }
    const MoltVersionMark mark = molt__version_mark(keep->schema);
    if (molt__coder_good(coder) && keep->version_count > 0)
        molt__coder_check(coder, molt__version_is(keep->versions[0], &mark),
                          "the first version is not the running one");
    if (reads) {
        code_lineage(keep, &keep->attic.lineage);
    } else {
        MoltLineage lineage = keep->heap->attic.lineage;
        code_lineage(keep, &lineage);
    }
}
