/* Random structs, random edits and random values: any way through other layouts and back gives every
 * value back, and where the game wrote meanwhile, what the way back makes of that. A failure prints the
 * seed; `reflect_attic_random SEED` repeats it. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "counting_allocator.h"
#include "leaf.h"
#include "molt/attic.h"
#include "molt/migrate.h"
#include "schema_spec.h"

enum { NODES = 24, ARRAY = 7, FIELDS = 9, WAYS = 1500 };

/* ---- random numbers ------------------------------------------------------------------------- */

static uint64_t seed;

static uint32_t below(uint32_t limit)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % limit;
}

static bool chance(uint32_t percent)
{
    return below(100) < percent;
}

/* ---- versions ------------------------------------------------------------------------------- */

typedef struct Field {
    char name[12];
    char base[16];   /* type without dimension */
    uint32_t length; /* 0: no array */
    uint32_t bits;
    bool used;
} Field;

typedef struct Version {
    Field node[FIELDS], sub[4];
    uint32_t jobs; /* enumerators of Job */
} Version;

static const char *const numbers[] = {"bool",  "signed char",   "short",        "int",   "long",
                                      "float", "unsigned char", "unsigned int", "double"};

static void random_number(char *base)
{
    snprintf(base, 16, "%s", numbers[below(sizeof numbers / sizeof *numbers)]);
}

static void random_field(Field *field, bool in_sub)
{
    static uint32_t names;
    *field = (Field){.used = true};
    snprintf(field->name, sizeof field->name, "f%u", names++ % 1000000);
    switch (below(in_sub ? 4 : 10)) {
    case 0:
    case 1: random_number(field->base); break;
    case 2:
        random_number(field->base);
        field->length = 1 + below(5);
        break;
    case 3:
        snprintf(field->base, sizeof field->base, "unsigned int");
        field->bits = 1 + below(20);
        break;
    case 4:
        snprintf(field->base, sizeof field->base, "char");
        field->length = 2 + below(12);
        break;
    case 5: snprintf(field->base, sizeof field->base, "char *"); break;
    case 6:
    case 7:
        snprintf(field->base, sizeof field->base, "Node *");
        field->length = below(3);
        break;
    case 8:
        snprintf(field->base, sizeof field->base, "Sub");
        field->length = below(4);
        break;
    default: snprintf(field->base, sizeof field->base, "Job"); break;
    }
}

static void random_version(Version *version)
{
    *version = (Version){.jobs = 2 + below(5)};
    for (int f = 0; f < 3; f++)
        random_field(&version->sub[f], true);
    for (int f = 0; f < FIELDS - 2; f++)
        random_field(&version->node[f], false);
}

static bool is_number(const Field *field)
{
    for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++) {
        if (strcmp(field->base, numbers[n]) == 0)
            return true;
    }
    return false;
}

static void edit_field(Field *field, bool in_sub)
{
    bool text = strcmp(field->base, "char") == 0;
    if (!field->used) {
        if (chance(30))
            random_field(field, in_sub);
    } else if (chance(30)) {
        field->used = false;
    } else if (field->bits > 0) {
        field->bits = 1 + below(20);
    } else if (is_number(field)) {
        if (chance(60))
            random_number(field->base);
        if (field->length > 0 || chance(10))
            field->length = below(5);
    } else if (text && !in_sub && chance(30)) {
        snprintf(field->base, sizeof field->base, "char *");
        field->length = 0;
    } else if (text) {
        field->length = 2 + below(12);
    } else if (strcmp(field->base, "char *") == 0) {
        snprintf(field->base, sizeof field->base, "char");
        field->length = 2 + below(12);
    } else if (strcmp(field->base, "Job") != 0) {
        field->length = below(4);
    }
}

static void edit_version(Version *version)
{
    for (int f = 0; f < FIELDS; f++) {
        uint32_t other = below(FIELDS);
        Field field = version->node[f];
        if (chance(20)) {
            version->node[f] = version->node[other];
            version->node[other] = field;
        }
        if (chance(40))
            edit_field(&version->node[f], false);
    }
    for (int f = 0; f < 4; f++) {
        if (chance(30))
            edit_field(&version->sub[f], true);
    }
    if (chance(30))
        version->jobs = 1 + below(6);
}

static size_t align_of(const char *base, size_t sub_align)
{
    size_t length = strlen(base);
    if (base[length - 1] == '*' || strcmp(base, "long") == 0 || strcmp(base, "double") == 0)
        return 8;
    if (strcmp(base, "Sub") == 0)
        return sub_align;
    if (strcmp(base, "short") == 0)
        return 2;
    return strcmp(base, "int") == 0 || strcmp(base, "unsigned int") == 0 ||
                   strcmp(base, "float") == 0 || strcmp(base, "Job") == 0
               ? 4
               : 1;
}

typedef struct Names {
    char text[FIELDS][32];
} Names;

static StructSpec lay_out(const char *name, const Field *fields, uint32_t count, Names *names,
                          const StructSpec *sub)
{
    StructSpec spec = {.name = name, .align = 1};
    uint32_t n = 0;
    for (uint32_t f = 0; f < count; f++) {
        const Field *field = &fields[f];
        if (!field->used)
            continue;
        bool is_sub = strcmp(field->base, "Sub") == 0;
        size_t align = align_of(field->base, sub ? sub->align : 1);
        size_t size = (is_sub ? sub->size : align) * (field->length > 0 ? field->length : 1);
        if (field->length > 0)
            snprintf(names->text[n], 32, "%s[%u]", field->base, field->length);
        else
            snprintf(names->text[n], 32, "%s", field->base);
        spec.size = (spec.size + align - 1) / align * align;
        spec.fields[n] = (FieldSpec){.name = field->name,
                                     .type = names->text[n],
                                     .offset = spec.size,
                                     .bit_shift = field->bits ? field->bits % 8 : 0,
                                     .bit_width = field->bits};
        if (align > spec.align)
            spec.align = align;
        spec.size += size;
        n++;
    }
    if (spec.size == 0)
        spec.size = 1;
    spec.size = (spec.size + spec.align - 1) / spec.align * spec.align;
    return spec;
}

static MoltSchema *make_schema(const Version *version)
{
    static const char *const jobs[] = {"+J0", "J1", "J2", "J3", "J4", "J5", "J6"};
    Names names[2];
    EnumSpec job = {"Job", {NULL}};
    StructSpec specs[2];
    for (uint32_t e = 0; e < version->jobs; e++)
        job.enumerators[e] = jobs[e];
    specs[1] = lay_out("Sub", version->sub, 4, &names[1], NULL);
    specs[0] = lay_out("Node", version->node, FIELDS, &names[0], &specs[1]);
    return spec_schema_with(specs, 2, &job, 1);
}

/* ---- states --------------------------------------------------------------------------------- */

typedef struct State {
    MoltHeap *heap;
    MoltSchema *schemas[8];
    uint32_t count;
    unsigned char *elements[NODES]; /* refreshed after each edit */
    CountingAllocator counting;
    bool fails; /* memory runs out in each edit, which is then tried again */
} State;

/* Elements of all node blocks, in order of serials. */
static void list_elements(State *state)
{
    uint64_t cursor = 0;
    uint32_t n = 0;
    MoltBlock block;
    const MoltSchema *schema = molt_heap_schema(state->heap);
    MoltTypeId type = molt_schema_find(schema, "Node");
    while (molt_heap_next(state->heap, type, &cursor, &block)) {
        for (uint64_t e = 0; e < block.count; e++)
            state->elements[n++] = (unsigned char *)block.start + e * molt_type(schema, type)->size;
    }
    assert_int_equal(n, NODES);
}

typedef struct Fill {
    State *state;
    unsigned char *element;
} Fill;

static void random_bytes(const MoltSchema *schema, const MoltLeaf *leaf, unsigned char *out)
{
    const MoltType *type = molt_type(schema, leaf->type);
    bool small = chance(50);
    if (leaf->kind == MOLT__LEAF_TEXT) {
        uint32_t length = below((uint32_t)leaf->size);
        memset(out, 0, leaf->size);
        for (uint32_t c = 0; c < length; c++)
            out[c] = (unsigned char)('a' + below(26));
    } else if (type->kind == MOLT_KIND_FLOAT) {
        double value = small ? (double)below(100) - 50 : ((double)below(1000000) - 5e5) / 7;
        float single = (float)value;
        if (chance(5))
            single = -0.0f, value = -0.0;
        memcpy(out, type->size == 4 ? (void *)&single : (void *)&value, leaf->size);
    } else if (type->kind == MOLT_KIND_BOOL) {
        out[0] = (unsigned char)below(2);
    } else if (type->kind == MOLT_KIND_ENUM) {
        uint32_t value = below(type->count);
        memcpy(out, &value, sizeof value);
    } else {
        for (uint64_t b = 0; b < leaf->size; b++)
            out[b] = small && b > 0 ? 0 : (unsigned char)below(256);
    }
}

static bool fill_leaf(void *context, const MoltLeaf *leaf)
{
    const Fill *fill = context;
    const MoltSchema *schema = molt_heap_schema(fill->state->heap);
    for (uint64_t i = 0; i < leaf->count; i++) {
        unsigned char value[16] = {0};
        if (leaf->kind == MOLT__LEAF_STRING && chance(70)) {
            uint32_t length = 1 + below(14);
            char *text = molt_heap_new(fill->state->heap, molt_schema_find(schema, "char"), length);
            memset(text, 'x', length - 1);
            memcpy(value, &text, sizeof text);
        } else if (leaf->kind == MOLT__LEAF_POINTER && chance(70)) {
            unsigned char *target = fill->state->elements[below(NODES)];
            memcpy(value, &target, sizeof target);
        } else if (leaf->kind != MOLT__LEAF_STRING && leaf->kind != MOLT__LEAF_POINTER) {
            random_bytes(schema, leaf, value);
        }
        molt__leaf_store(leaf, value, fill->element + leaf->at + i * leaf->stride);
    }
    return true;
}

static void make_state(State *state, const Version *version, bool fails)
{
    *state = (State){.count = 1, .fails = fails};
    MoltAllocator allocator = counting_allocator(&state->counting);
    const MoltHeapDesc desc = {.reserve = (uint64_t)1 << 30, .allocator = &allocator};
    state->schemas[0] = make_schema(version);
    assert_int_equal(molt_heap_create(&desc, &state->heap, NULL), MOLT_OK);
    molt_heap_set_schema(state->heap, state->schemas[0]);
    MoltTypeId type = molt_schema_find(state->schemas[0], "Node");
    for (int n = 0; n < NODES - ARRAY; n++)
        molt_heap_new(state->heap, type, 1);
    molt_heap_new(state->heap, type, ARRAY);
    list_elements(state);
    molt_heap_set_root(state->heap, 0, state->elements[0]);
    for (int n = 0; n < NODES; n++) {
        Fill fill = {state, state->elements[n]};
        molt__leaf_walk(state->schemas[0], type, fill_leaf, &fill);
    }
}

static void free_state(State *state)
{
    molt_heap_destroy(state->heap);
    assert_int_equal(state->counting.bytes, 0);
    for (uint32_t s = 0; s < state->count; s++)
        molt_schema_free(state->schemas[s]);
}

static bool migrate(State *state, const Version *version)
{
    MoltReport report;
    MoltPlan *plan = NULL;
    MoltMigration *migration = NULL;
    MoltSchema *after = state->schemas[state->count++] = make_schema(version);
    molt_report_init(&report, NULL);
    MoltStatus status = molt_plan_build(molt_heap_schema(state->heap), after, MOLT_POLICY_LIVE,
                                        NULL, &plan, &report, NULL);
    bool planned = status == MOLT_OK;
    if (planned) {
        state->counting.fail_at = state->fails ? state->counting.calls + 1 + below(60) : 0;
        status = molt_migrate_prepare(state->heap, plan, NULL, &migration, &report, NULL);
        state->counting.fail_at = 0;
    }
    if (planned && status == MOLT_OUT_OF_MEMORY)
        status = molt_migrate_prepare(state->heap, plan, NULL, &migration, &report, NULL);
    bool ok = status == MOLT_OK;
    if (ok) {
        molt_migrate_commit(migration);
        list_elements(state);
    }
    molt_plan_free(plan);
    molt_report_clear(&report);
    return ok;
}

/* ---- what a state must be ------------------------------------------------------------------- */

/* Values of all leaves in a form that does not depend on where objects lie. */
typedef struct Picture {
    unsigned char *bytes;
    size_t size;
} Picture;

typedef struct Draw {
    const State *state;
    bool empty_is_null;
    const unsigned char *element;
    Picture *picture;
} Draw;

static bool draw_leaf(void *context, const MoltLeaf *leaf)
{
    const Draw *draw = context;
    for (uint64_t i = 0; i < leaf->count; i++) {
        unsigned char value[64] = {0};
        const unsigned char *at = draw->element + leaf->at + i * leaf->stride;
        molt__leaf_sample(draw->state->heap, leaf, at, value);
        uint64_t empty = molt__leaf_text_sample("", 0);
        if (leaf->kind == MOLT__LEAF_STRING && draw->empty_is_null &&
            memcmp(value, &empty, sizeof empty) == 0)
            memset(value, 0, sizeof value);
        for (uint64_t n = 0; leaf->kind == MOLT__LEAF_POINTER && n < NODES; n++) {
            if (memcmp(&draw->state->elements[n], at, sizeof(void *)) == 0)
                memcpy(value, &(uint64_t){n + 1}, sizeof n);
        }
        memcpy(draw->picture->bytes + draw->picture->size, value, sizeof value);
        draw->picture->size += sizeof value;
    }
    return true;
}

static Picture draw_state(const State *state, bool empty_is_null)
{
    const MoltSchema *schema = molt_heap_schema(state->heap);
    MoltTypeId type = molt_schema_find(schema, "Node");
    Picture picture = {calloc(NODES, 32 * 1024), 0};
    assert_non_null(picture.bytes);
    for (int n = 0; n < NODES; n++) {
        Draw draw = {state, empty_is_null, state->elements[n], &picture};
        molt__leaf_walk(schema, type, draw_leaf, &draw);
    }
    return picture;
}

/* Writes other values into some leaves of the running layout; each is named by node and place. */
typedef struct Play {
    State *state;
    int node;
    bool (*played)[1024]; /* per node and byte of the element */
} Play;

static bool play_leaf(void *context, const MoltLeaf *leaf)
{
    const Play *play = context;
    const MoltSchema *schema = molt_heap_schema(play->state->heap);
    unsigned char *element = play->state->elements[play->node];
    if (leaf->kind == MOLT__LEAF_STRING || leaf->kind == MOLT__LEAF_POINTER)
        return true;
    for (uint64_t i = 0; i < leaf->count; i++) {
        unsigned char value[16] = {0};
        uint64_t at = leaf->at + i * leaf->stride;
        if (!chance(30) || at >= 1024)
            continue;
        random_bytes(schema, leaf, value);
        if (molt__leaf_store(leaf, value, element + at))
            play->played[play->node][at] = true;
    }
    return true;
}

static void play_state(State *state, bool (*played)[1024])
{
    MoltTypeId type = molt_schema_find(molt_heap_schema(state->heap), "Node");
    for (int n = 0; n < NODES; n++) {
        Play play = {state, n, played};
        molt__leaf_walk(molt_heap_schema(state->heap), type, play_leaf, &play);
    }
}

/* Which values of the state come from values that were played on. */
typedef struct Trace {
    const MoltPlan *back;
    MoltTypeId before;
    int node;
    bool (*played)[1024];
    bool *from_play; /* per value of the picture */
    size_t count;
} Trace;

static bool trace_leaf(void *context, const MoltLeaf *leaf)
{
    Trace *trace = context;
    for (uint64_t i = 0; i < leaf->count; i++) {
        MoltRoute route;
        MoltLeaf one = molt__leaf_from(leaf, i);
        one.count = 1;
        trace->from_play[trace->count++] =
            molt__leaf_route(trace->back, trace->before, false, MOLT__AFTER, &one, &one, &route) &&
            route.placed && trace->played[trace->node][route.leaf.at];
    }
    return true;
}

static void print_version(const MoltSchema *schema)
{
    static const char *const types[] = {"Node", "Sub"};
    for (size_t t = 0; t < 2; t++) {
        const MoltType *type = molt_type(schema, molt_schema_find(schema, types[t]));
        fprintf(stderr, "%s:", types[t]);
        for (uint32_t f = 0; f < type->count; f++) {
            char text[64];
            molt_schema_declare(schema, &schema->tables.fields[type->first + f], text, sizeof text);
            fprintf(stderr, " %s;", text);
        }
        fprintf(stderr, "\n");
    }
}

typedef struct Seek {
    const MoltSchema *schema;
    size_t left;
    char text[256];
} Seek;

static bool seek_leaf(void *context, const MoltLeaf *leaf)
{
    Seek *seek = context;
    MoltTypeId owner;
    uint32_t field;
    if (seek->left >= leaf->count) {
        seek->left -= leaf->count;
        return true;
    }
    molt__leaf_field(seek->schema, molt_schema_find(seek->schema, "Node"), leaf, &owner, &field);
    snprintf(seek->text, sizeof seek->text, "%s.%s, element %zu",
             molt_type_name(seek->schema, owner),
             molt_string(seek->schema, seek->schema->tables.fields[field].name), seek->left);
    return false;
}

static void print_bytes(const char *what, const unsigned char *bytes)
{
    fprintf(stderr, "%s", what);
    for (int b = 0; b < 16; b++)
        fprintf(stderr, " %02x", bytes[b]);
    fprintf(stderr, "\n");
}

static void print_difference(const State *state, size_t values, size_t value,
                             const unsigned char *want, const unsigned char *got)
{
    Seek seek = {state->schemas[0], value % (values / NODES), ""};
    for (uint32_t s = 0; s < state->count; s++)
        print_version(state->schemas[s]);
    molt__leaf_walk(seek.schema, molt_schema_find(seek.schema, "Node"), seek_leaf, &seek);
    fprintf(stderr, "node %zu: %s\n", value / (values / NODES), seek.text);
    print_bytes("want", want);
    print_bytes("got ", got);
}

static void compare(const State *state, const Picture *want, const Picture *got,
                    const Picture *plain, const bool *from_play, uint64_t started)
{
    assert_int_equal(want->size, got->size);
    for (size_t at = 0; at < want->size; at += 64) {
        const Picture *right = from_play && from_play[at / 64] ? plain : want;
        if (memcmp(right->bytes + at, got->bytes + at, 64) == 0)
            continue;
        fprintf(stderr, "seed %" PRIu64 "%s\n", started, right == plain ? ", played" : "");
        print_difference(state, want->size / 64, at / 64, right->bytes + at, got->bytes + at);
        fail();
    }
}

/* ---- ways ----------------------------------------------------------------------------------- */

static bool there_and_back(uint64_t started, bool fails)
{
    Version first, last;
    State state;
    seed = started;
    random_version(&first);
    make_state(&state, &first, fails);
    uint32_t steps = 1 + below(4);
    /* a NULL that was dropped was its field's default, and is not kept: as char[N] it comes back as "",
     * which becomes a `char *` to "" */
    Picture want = draw_state(&state, steps > 1);
    bool ok = true;
    last = first;
    for (uint32_t s = 0; s < steps && ok; s++) {
        if (chance(40))
            last = first; /* then what the step before took away comes back in this one */
        edit_version(&last);
        ok = migrate(&state, &last);
    }
    ok = ok && migrate(&state, &first);
    if (ok) {
        Picture got = draw_state(&state, steps > 1);
        compare(&state, &want, &got, NULL, NULL, started);
        free(got.bytes);
    }
    free(want.bytes);
    free_state(&state);
    return ok;
}

/* One run to the edited layout, play, and back, perhaps by way of a third layout; without the attic it
 * is what play alone gives. */
static bool play_once(uint64_t started, bool with_attic, State *state, Picture *before,
                      Picture *after, bool *from_play)
{
    Version first, second;
    static bool played[NODES][1024];
    memset(played, 0, sizeof played);
    seed = started;
    random_version(&first);
    make_state(state, &first, false);
    *before = draw_state(state, false);
    second = first;
    edit_version(&second);
    bool ok = migrate(state, &second);
    if (ok) {
        play_state(state, played);
        if (!with_attic)
            molt_attic_clear(state->heap);
        MoltPlan *back = NULL;
        Trace trace = {
            NULL, molt_schema_find(molt_heap_schema(state->heap), "Node"), 0, played, from_play, 0};
        if (chance(60)) { /* one more edit takes away what was played on, and more */
            edit_version(&second);
            ok = migrate(state, &second);
        }
        ok = ok && migrate(state, &first);
        if (ok && molt_plan_build(state->schemas[1], state->schemas[0], MOLT_POLICY_LIVE, NULL,
                                  &back, NULL, NULL) == MOLT_OK) {
            trace.back = back;
            for (; trace.node < NODES; trace.node++)
                molt__leaf_walk(state->schemas[0], molt_schema_find(state->schemas[0], "Node"),
                                trace_leaf, &trace);
        }
        molt_plan_free(back);
    }
    *after = ok ? draw_state(state, false) : (Picture){NULL, 0};
    return ok;
}

static bool there_play_and_back(uint64_t started)
{
    State state, other;
    Picture before, after, unused, plain;
    bool *from_play = calloc(NODES, 1024);
    assert_non_null(from_play);
    bool ok = play_once(started, false, &other, &unused, &plain, from_play);
    bool same = play_once(started, true, &state, &before, &after, from_play);
    assert_int_equal(ok, same);
    if (ok)
        compare(&state, &before, &after, &plain, from_play, started);
    free(before.bytes);
    free(after.bytes);
    free(unused.bytes);
    free(plain.bytes);
    free(from_play);
    free_state(&state);
    free_state(&other);
    return ok;
}

/* ---- objects that come and go ----------------------------------------------------------------- */

enum { STAYS, GONE };

/* Frees some of the objects and makes others, which the heap puts into their places; cuts the array and
 * lets it grow again. What is new holds zeros. */
static void churn(State *state, int *fates)
{
    const MoltSchema *schema = molt_heap_schema(state->heap);
    MoltTypeId type = molt_schema_find(schema, "Node");
    for (int n = 1; n < NODES - ARRAY; n++) {
        if (!chance(15))
            continue;
        fates[n] = GONE;
        assert_true(molt_heap_delete(state->heap, state->elements[n]));
        assert_ptr_equal(molt_heap_new(state->heap, type, 1), state->elements[n]);
    }
    if (chance(50)) {
        int left = 3 + (int)below(ARRAY - 2); /* fewer would move the block */
        void *array = state->elements[NODES - ARRAY];
        assert_ptr_equal(molt_heap_resize(state->heap, array, (uint64_t)left), array);
        assert_ptr_equal(molt_heap_resize(state->heap, array, ARRAY), array);
        for (int n = left; n < ARRAY; n++)
            fates[NODES - ARRAY + n] = GONE;
    }
}

/* One run over some edits, between which objects come and go; without the attic, what is new in it is
 * what it must be with it. */
static bool churn_once(uint64_t started, bool with_attic, State *state, Picture *before,
                       Picture *after, int *fates)
{
    Version first, second;
    seed = started;
    random_version(&first);
    make_state(state, &first, false);
    *before = draw_state(state, true);
    for (int n = 0; n < NODES; n++)
        fates[n] = STAYS;
    second = first;
    uint32_t steps = 1 + below(3);
    bool ok = true;
    for (uint32_t s = 0; s < steps && ok; s++) {
        edit_version(&second);
        ok = migrate(state, &second);
        if (ok && !with_attic)
            molt_attic_clear(state->heap);
        if (ok)
            churn(state, fates);
    }
    ok = ok && migrate(state, &first);
    *after = ok ? draw_state(state, true) : (Picture){NULL, 0};
    return ok;
}

/* Pointers to what went are not compared: they may be NULL, or lead to what came to its place. */
typedef struct Skip {
    const int *fates;
    const Picture *before;
    bool *skips;
    size_t count;
} Skip;

static bool skip_leaf(void *context, const MoltLeaf *leaf)
{
    Skip *skip = context;
    for (uint64_t i = 0; i < leaf->count; i++, skip->count++) {
        uint64_t target;
        memcpy(&target, skip->before->bytes + skip->count * 64, sizeof target);
        bool pointer = leaf->kind == MOLT__LEAF_POINTER;
        skip->skips[skip->count] =
            pointer && target > 0 && target <= NODES && skip->fates[target - 1] == GONE;
    }
    return true;
}

static bool new_objects_start_anew(uint64_t started)
{
    State state, other;
    Picture before, after, unused, plain;
    int fates[NODES];
    bool ok = churn_once(started, false, &other, &unused, &plain, fates);
    bool same = churn_once(started, true, &state, &before, &after, fates);
    assert_int_equal(ok, same);
    bool *skips = calloc(NODES, 1024);
    assert_non_null(skips);
    Skip skip = {fates, &before, skips, 0};
    for (int n = 0; n < NODES; n++)
        molt__leaf_walk(state.schemas[0], molt_schema_find(state.schemas[0], "Node"), skip_leaf,
                        &skip);
    size_t values = before.size / 64, each = values / NODES;
    for (size_t v = 0; ok && v < values; v++) {
        const Picture *right = fates[v / each] == GONE ? &plain : &before;
        if (skips[v] || memcmp(right->bytes + v * 64, after.bytes + v * 64, 64) == 0)
            continue;
        fprintf(stderr, "seed %" PRIu64 "%s\n", started, right == &plain ? ", new" : "");
        print_difference(&state, values, v, right->bytes + v * 64, after.bytes + v * 64);
        fail();
    }
    free(skips);
    free(before.bytes);
    free(after.bytes);
    free(unused.bytes);
    free(plain.bytes);
    free_state(&state);
    free_state(&other);
    return ok;
}

static uint64_t first_seed;

static void any_way_back_gives_every_value_back(void **unused)
{
    (void)unused;
    int done = 0;
    for (uint64_t n = 0; n < (first_seed ? 1 : WAYS); n++)
        done += there_and_back((first_seed ? first_seed : 1) + n, n % 3 == 0);
    assert_true(first_seed || done > WAYS / 4);
}

static void no_way_back_gives_a_stale_value(void **unused)
{
    (void)unused;
    int done = 0;
    for (uint64_t n = 0; n < (first_seed ? 1 : WAYS); n++)
        done += there_play_and_back((first_seed ? first_seed : 1) + n);
    assert_true(first_seed || done > WAYS / 4);
}

static void no_new_object_gets_what_an_old_one_lost(void **unused)
{
    (void)unused;
    int done = 0;
    for (uint64_t n = 0; n < (first_seed ? 1 : WAYS); n++)
        done += new_objects_start_anew((first_seed ? first_seed : 1) + n);
    assert_true(first_seed || done > WAYS / 4);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_way_back_gives_every_value_back),
        cmocka_unit_test(no_way_back_gives_a_stale_value),
        cmocka_unit_test(no_new_object_gets_what_an_old_one_lost),
    };
    first_seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
