#define _GNU_SOURCE /* MADV_HUGEPAGE */
#include "edit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <molt/builder.h>
#include <molt/heap_room.h>
#include <molt/lookout.h>

/* ---- schemas -------------------------------------------------------------------------------- */

static void add_number(MoltBuilder *builder, const char *name, MoltKind kind, uint32_t size,
                       unsigned flags)
{
    MoltType type = {.name = molt_builder_string(builder, name),
                     .kind = (uint16_t)kind,
                     .flags = (uint16_t)flags,
                     .size = size,
                     .align = size,
                     .elem = MOLT_NO_TYPE};
    molt_builder_add_type(builder, &type);
}

static void add_numbers(MoltBuilder *builder)
{
    add_number(builder, "short", MOLT_KIND_INT, 2, MOLT_TYPE_SIGNED);
    add_number(builder, "int", MOLT_KIND_INT, 4, MOLT_TYPE_SIGNED);
    add_number(builder, "unsigned int", MOLT_KIND_INT, 4, 0);
    add_number(builder, "long", MOLT_KIND_INT, 8, MOLT_TYPE_SIGNED);
    add_number(builder, "unsigned long", MOLT_KIND_INT, 8, 0);
    add_number(builder, "float", MOLT_KIND_FLOAT, 4, MOLT_TYPE_BINARY_FLOAT);
    add_number(builder, "double", MOLT_KIND_FLOAT, 8, MOLT_TYPE_BINARY_FLOAT);
}

static void add_struct(MoltBuilder *builder, const Struct *is)
{
    char pointer[64];
    MoltType type = {.name = molt_builder_string(builder, is->name),
                     .kind = MOLT_KIND_STRUCT,
                     .size = is->size,
                     .align = 8,
                     .elem = MOLT_NO_TYPE};
    MoltTypeId id = molt_builder_add_type(builder, &type);
    snprintf(pointer, sizeof pointer, "%s *", is->name);
    MoltType link = {.name = molt_builder_string(builder, pointer),
                     .kind = MOLT_KIND_POINTER,
                     .size = sizeof(void *),
                     .align = _Alignof(void *),
                     .elem = id};
    molt_builder_add_type(builder, &link);
    molt_builder_add_spelling(builder, is->name, id);
}

/* "int[4]" is made when it is first named. */
static MoltTypeId type_of(MoltBuilder *builder, const char *name)
{
    MoltTypeId id = molt_builder_find_type(builder, name);
    const char *bracket = strchr(name, '[');
    char elem[64];
    if (id != MOLT_NO_TYPE || !bracket)
        return id;
    snprintf(elem, sizeof elem, "%.*s", (int)(bracket - name), name);
    MoltTypeId of = molt_builder_find_type(builder, elem);
    const MoltType one = *molt_builder_type(builder, of);
    uint64_t length = strtoull(bracket + 1, NULL, 10);
    MoltType array = {.name = molt_builder_string(builder, name),
                      .kind = MOLT_KIND_ARRAY,
                      .size = one.size * length,
                      .align = one.align,
                      .length = length,
                      .elem = of};
    return molt_builder_add_type(builder, &array);
}

static void set_members(MoltBuilder *builder, const Struct *is)
{
    enum { MEMBERS_MAX = 32 };
    MoltField fields[MEMBERS_MAX] = {{0}};
    uint32_t count = is->count < MEMBERS_MAX ? is->count : MEMBERS_MAX;
    for (uint32_t i = 0; i < count; i++) {
        fields[i].name = molt_builder_string(builder, is->members[i].name);
        fields[i].type = type_of(builder, is->members[i].type);
        fields[i].bit_offset = (uint64_t)is->members[i].offset * 8;
    }
    molt_builder_set_fields(builder, molt_builder_find_type(builder, is->name), fields, count);
}

MoltSchema *bench_schema(const Struct *structs, uint32_t count)
{
    MoltError error = {.text = "out of memory"};
    MoltSchema *schema = NULL;
    MoltBuilder *builder = molt_builder_create(NULL);
    add_numbers(builder);
    for (uint32_t i = 0; i < count; i++)
        add_struct(builder, &structs[i]);
    for (uint32_t i = 0; i < count; i++)
        set_members(builder, &structs[i]);
    molt_builder_add_root(builder, "state", molt_builder_find_type(builder, structs[0].name));
    if (molt_builder_finish(builder, &schema, &error) != MOLT_OK)
        fprintf(stderr, "molt-bench: %s\n", error.text);
    molt_builder_destroy(builder);
    return schema;
}

/* ---- plans ---------------------------------------------------------------------------------- */

static MoltPlan *plan_edit(const MoltSchema *before, const MoltSchema *after)
{
    MoltError error = {.text = "out of memory"};
    MoltPlan *plan = NULL;
    if (molt_plan_build(before, after, MOLT_POLICY_LIVE, NULL, &plan, NULL, &error) != MOLT_OK)
        fprintf(stderr, "molt-bench: %s\n", error.text);
    return plan;
}

static MoltConverters *compile(const MoltSchema *before, const MoltSchema *after)
{
    static uint32_t number;
    const char *folder = getenv("TMPDIR");
    uint64_t bytes[64];
    for (int i = 0; i < 64; i++)
        bytes[i] = UINT64_MAX / 64;
    MoltPlan *plan = plan_edit(before, after);
    MoltConverters *converters =
        plan ? molt__converters_make(plan, bytes, MOLT_CONVERTERS_ALWAYS,
                                     folder && *folder ? folder : "/tmp", number++)
             : NULL;
    molt_plan_free(plan);
    return converters;
}

bool bench_edit_make(const MoltSchema *before, const MoltSchema *after, bool compiled, Edit *edit)
{
    *edit = (Edit){.before = before, .after = after};
    if (!before || !after)
        return false;
    if (!compiled)
        return true;
    edit->forth = compile(before, after);
    edit->back = compile(after, before);
    if (!edit->forth || !edit->back)
        fputs("molt-bench: no compiler called cc, so nothing is compiled\n", stderr);
    return edit->forth && edit->back;
}

void bench_edit_free(Edit *edit)
{
    molt__converters_free(edit->forth);
    molt__converters_free(edit->back);
    *edit = (Edit){0};
}

/* ---- heaps and memory ----------------------------------------------------------------------- */

MoltHeap *bench_heap(const MoltSchema *schema)
{
    MoltError error = {.text = "out of memory"};
    MoltHeap *heap = NULL;
    if (molt_heap_create(NULL, &heap, &error) != MOLT_OK ||
        molt_heap_set_schema(heap, schema) != MOLT_OK) {
        fprintf(stderr, "molt-bench: %s\n", error.text);
        molt_heap_destroy(heap);
        return NULL;
    }
    return heap;
}

/* As the guard and a reload do while the game runs, and once it has stopped. Where the kernel does not tell
 * what is written, the migration finds its pointers itself. */
static MoltLookout *look_out(MoltHeap *heap, MoltPlan *plan, const Edit *edit)
{
    if (!edit->checkpoint || molt_checkpoint_take(edit->checkpoint, heap, NULL) != MOLT_OK)
        return NULL;
    MoltLookout *lookout = molt_lookout_begin(heap, edit->checkpoint, 0);
    molt_lookout_run(lookout, plan);
    molt_plan_set_lookout(plan, lookout);
    uint64_t started = bench_now();
    molt_lookout_settle(lookout);
    if (edit->settled)
        bench_sample(edit->settled, bench_now() - started);
    return lookout;
}

static bool migrate(MoltHeap *heap, const MoltSchema *after, const MoltConverters *converters,
                    const Edit *edit, Samples *samples)
{
    MoltMigration *migration = NULL;
    MoltReport report;
    MoltError error = {.text = ""};
    MoltPlan *plan = plan_edit(molt_heap_schema(heap), after);
    if (!plan)
        return false;
    if (converters && !molt__converters_bind(converters, plan)) {
        fputs("molt-bench: the plan is not what was compiled\n", stderr);
        molt_plan_free(plan);
        return false;
    }
    if (edit->parallel)
        molt_plan_set_parallel(plan, edit->parallel);
    MoltHeapRoom *room = edit->room ? molt_heap_room_look(heap) : NULL;
    molt_heap_room_prepare(room, plan);
    MoltLookout *lookout = look_out(heap, plan, edit);
    molt_report_init(&report, NULL);
    uint64_t started = bench_now();
    bool ok = molt_migrate_prepare(heap, plan, NULL, &migration, &report, &error) == MOLT_OK;
    if (ok) {
        molt_migrate_commit(migration);
        if (samples)
            bench_sample(samples, bench_now() - started);
    } else {
        fprintf(stderr, "molt-bench: %s\n", error.text);
    }
    molt_lookout_end(lookout);
    molt_heap_room_free(room, heap);
    while (molt_heap_room_trim(heap))
        ;
    molt_report_clear(&report);
    molt_plan_free(plan);
    return ok;
}

bool bench_migrate(MoltHeap *heap, const Edit *edit, Samples *samples)
{
    return migrate(heap, edit->after, edit->forth, edit, samples);
}

bool bench_migrate_back(MoltHeap *heap, const Edit *edit)
{
    const Edit plain = {0};
    return migrate(heap, edit->before, edit->back, &plain, NULL);
}

#define HUGE_PAGE ((uint64_t)2 << 20)

/* The system gives huge pages to aligned memory only; the padding before it is never touched. */
void *bench_map(uint64_t bytes)
{
    uint64_t whole = (bytes + 2 * HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    char *memory = mmap(NULL, whole, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    uint64_t before = (HUGE_PAGE - (uintptr_t)memory % HUGE_PAGE) % HUGE_PAGE;
    uint64_t used = whole - HUGE_PAGE;
    if (before > 0)
        munmap(memory, before);
    if (before < HUGE_PAGE)
        munmap(memory + before + used, HUGE_PAGE - before);
    (void)!madvise(memory + before, used, MADV_HUGEPAGE); /* without huge pages: the usual ones */
    return memory + before;
}

void bench_unmap(void *memory, uint64_t bytes)
{
    if (memory)
        munmap(memory, (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE);
}

/* ---- numbers -------------------------------------------------------------------------------- */

uint64_t bench_chance(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

char *bench_number(uint64_t number, char out[32])
{
    char plain[24];
    int length = snprintf(plain, sizeof plain, "%llu", (unsigned long long)number), at = 0;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = plain[i];
    }
    out[at] = '\0';
    return out;
}
