/* Schemas: building, copying, checking, hashing and declaring. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counting_allocator.h"
#include "schema_sample.h"
#include "tables.h"

/* ---- status --------------------------------------------------------------------------------- */

static void status_has_an_id(void **state)
{
    (void)state;
    assert_string_equal(molt_status_id(MOLT_OUT_OF_MEMORY), "out-of-memory");
    assert_string_equal(molt_status_id(MOLT_STATUS_COUNT), "unknown");
    assert_string_equal(molt_status_id((MoltStatus)-1), "unknown");
}

static void error_wraps_its_own_text_and_cuts_whole_characters(void **state)
{
    (void)state;
    MoltError error;
    assert_int_equal(molt_error(&error, MOLT_REFUSED, "%d", 7), MOLT_REFUSED);
    molt_error(&error, MOLT_INVALID, "in here: %s", error.text);
    assert_string_equal(error.text, "in here: 7");
    assert_int_equal(error.status, MOLT_INVALID);

    char text[1200];
    memset(text, 'a', sizeof text);
    memcpy(text + 998, "\xc3\xa4", 2); /* one character on bytes 998 and 999 */
    text[1199] = '\0';
    molt_error(&error, MOLT_INVALID, "%s", text);
    assert_int_equal(strlen(error.text), 998);
    molt_error(NULL, MOLT_INVALID, "nobody listens");
}

/* ---- building and looking up ---------------------------------------------------------------- */

static void lookups_find_what_was_built(void **state)
{
    (void)state;
    MoltSchema *schema = build_variation(&plain);
    MoltTypeId ant = molt_schema_find(schema, "Ant");
    assert_int_not_equal(ant, MOLT_NO_TYPE);
    for (MoltTypeId id = 0; id < schema->tables.type_count; id++)
        assert_int_equal(molt_schema_find(schema, molt_type_name(schema, id)), id);
    assert_int_equal(molt_schema_find(schema, "Bee"), MOLT_NO_TYPE);
    assert_int_equal(molt_schema_find(schema, ""), MOLT_NO_TYPE);
    assert_int_equal(molt_schema_find_spelling(schema, "struct Ant"), ant);
    assert_int_equal(molt_schema_find_spelling(schema, "Ant"), ant);
    assert_int_equal(molt_schema_find_spelling(schema, "Zoo"), MOLT_NO_TYPE);
    assert_int_equal(molt_schema_find_spelling(schema, ""), MOLT_NO_TYPE);

    uint32_t hp = molt_schema_find_field(schema, ant, "hp");
    const MoltField *field_hp = &schema->tables.fields[hp];
    assert_string_equal(molt_string(schema, field_hp->name), "hp");
    assert_int_equal(molt_schema_find_field(schema, ant, "wings"), UINT32_MAX);
    assert_int_equal(molt_schema_find_field(schema, molt_schema_find(schema, "int"), "hp"),
                     UINT32_MAX);
    const MoltNote *note =
        molt_schema_note(schema, field_hp->note_first, field_hp->note_count, MOLT_NOTE_DEFAULT);
    assert_non_null(note);
    assert_memory_equal(schema->tables.constants + note->constant, "\x2a\0\0\0", 4);
    note = molt_schema_note(schema, field_hp->note_first, field_hp->note_count, MOLT_NOTE_WAS);
    assert_string_equal(molt_string(schema, note->text), "life");
    assert_null(
        molt_schema_note(schema, field_hp->note_first, field_hp->note_count, MOLT_NOTE_REQUIRED));
    molt_schema_free(schema);
    molt_schema_free(NULL);
}

static void notes_set_flags_and_storage_sets_the_sign(void **state)
{
    (void)state;
    MoltSchema *schema = build_variation(&plain);
    MoltTypeId ant = molt_schema_find(schema, "Ant");
    MoltTypeId game = molt_schema_find(schema, "Game");
    const MoltField *fields = schema->tables.fields;
    assert_true(fields[molt_schema_find_field(schema, ant, "on_hit")].flags & MOLT_FIELD_TRANSIENT);
    assert_true(fields[molt_schema_find_field(schema, game, "first")].flags & MOLT_FIELD_REQUIRED);
    const MoltType *job = molt_type(schema, molt_schema_find(schema, "Job"));
    assert_true(job->flags & MOLT_TYPE_SIGNED);
    assert_int_equal(schema->tables.enumerators[job->first].flags, MOLT_ENUMERATOR_FALLBACK);
    assert_int_equal(molt_type(schema, ant)->elem, MOLT_NO_TYPE);
    molt_schema_free(schema);
}

static void builder_interns_strings_and_survives_growth(void **state)
{
    (void)state;
    MoltBuilder *builder = molt_builder_create(NULL);
    assert_int_equal(molt_builder_string(builder, NULL), MOLT_NO_STRING);
    assert_int_equal(molt_builder_string(builder, ""), MOLT_NO_STRING);
    uint32_t offsets[1000];
    char name[32];
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "name %d", i);
        offsets[i] = molt_builder_string(builder, name);
        assert_int_equal(add_integer(builder, name, 4, 0), i);
    }
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "name %d", i);
        assert_int_equal(molt_builder_string(builder, name), offsets[i]);
        assert_int_equal(molt_builder_find_type(builder, name), i);
    }
    assert_int_equal(molt_builder_find_type(builder, "name 1000"), MOLT_NO_TYPE);
    assert_int_equal(molt_builder_status(builder), MOLT_OK);
    molt_builder_destroy(builder);
    molt_builder_destroy(NULL);
}

static void builder_failure_sticks(void **state)
{
    (void)state;
    MoltSchema *schema = NULL;
    MoltError error = {0};
    MoltBuilder *builder = molt_builder_create(NULL);
    add_integer(builder, "int", 4, 0);
    assert_int_equal(add_integer(builder, "int", 4, 0), MOLT_NO_TYPE);
    assert_int_equal(molt_builder_status(builder), MOLT_INVALID);
    assert_int_equal(add_integer(builder, "long", 8, 0), MOLT_NO_TYPE);
    assert_int_equal(molt_builder_string(builder, "more"), MOLT_NO_STRING);
    molt_builder_set_notes(builder, MOLT_NO_TYPE, 0, 0);
    molt_builder_type(builder, MOLT_NO_TYPE)->size = 4;
    assert_int_equal(molt_builder_finish(builder, &schema, &error), MOLT_INVALID);
    assert_non_null(strstr(error.text, "\"int\" is added twice"));
    assert_null(schema);
    molt_builder_destroy(builder);

    assert_int_equal(molt_builder_finish(NULL, &schema, &error), MOLT_OUT_OF_MEMORY);
    builder = molt_builder_create(NULL);
    molt_builder_set_params(builder, 5, NULL, 0);
    assert_int_equal(molt_builder_status(builder), MOLT_INVALID);
    molt_builder_destroy(builder);
}

static void builder_stays_usable_after_finish(void **state)
{
    (void)state;
    MoltSchema *first = NULL, *second = NULL;
    MoltBuilder *builder = fill_sample(NULL, &plain);
    assert_int_equal(molt_builder_finish(builder, &first, NULL), MOLT_OK);
    add_integer(builder, "short", 2, MOLT_TYPE_SIGNED);
    assert_int_equal(molt_builder_finish(builder, &second, NULL), MOLT_OK);
    molt_builder_destroy(builder);
    assert_int_equal(second->tables.type_count, first->tables.type_count + 1);
    assert_int_equal(molt_type(second, molt_schema_find(second, "Ant"))->hash,
                     molt_type(first, molt_schema_find(first, "Ant"))->hash);
    assert_int_not_equal(second->tables.hash.low, first->tables.hash.low);
    molt_schema_free(first);
    molt_schema_free(second);
}

static void empty_schema_is_a_schema(void **state)
{
    (void)state;
    MoltBuilder *builder = molt_builder_create(NULL);
    MoltSchema *schema = NULL;
    char *json = NULL;
    assert_int_equal(molt_builder_finish(builder, &schema, NULL), MOLT_OK);
    assert_int_equal(molt_schema_find(schema, "int"), MOLT_NO_TYPE);
    assert_int_equal(molt_schema_to_json(schema, &json, NULL), MOLT_OK);
    molt_schema_free(schema);
    assert_int_equal(molt_schema_from_json(json, strlen(json), NULL, &schema, NULL), MOLT_OK);
    molt_schema_free(schema);
    molt_builder_destroy(builder);
    free(json);
}

/* ---- declarations --------------------------------------------------------------------------- */

static void declarations_read_as_c(void **state)
{
    (void)state;
    static const char *const expected[][2] = {
        {"hp", "int hp"},
        {"carrying", "unsigned int carrying : 1"},
        {"pos", "float pos[2]"},
        {"name", "char name[16]"},
        {"next", "Ant *next"},
        {"on_hit", "void (*on_hit)(Ant *, int)"},
        {"job", "Job job"},
        {"title", "char *title"},
        {"cells", "unsigned int cells[4][3]"},
    };
    MoltSchema *schema = build_variation(&plain);
    MoltTypeId ant = molt_schema_find(schema, "Ant");
    char text[64];
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        uint32_t index = molt_schema_find_field(schema, ant, expected[i][0]);
        assert_int_not_equal(index, UINT32_MAX);
        const MoltField *declared = &schema->tables.fields[index];
        molt_schema_declare(schema, declared, text, sizeof text);
        assert_string_equal(text, expected[i][1]);
        for (size_t size = 0; size < strlen(expected[i][1]) + 1; size++) {
            memset(text, '#', sizeof text);
            molt_schema_declare(schema, declared, text, size);
            assert_int_equal(text[size], '#');
            if (size)
                assert_memory_equal(text, expected[i][1], size - 1);
        }
    }
    molt_schema_free(schema);
}

/* int (*table[3])(void), int (*grid)[2], and pointers that point at each other. */
static void declarations_nest_and_end(void **state)
{
    (void)state;
    MoltBuilder *builder = molt_builder_create(NULL);
    MoltTypeId type_int = add_integer(builder, "int", 4, MOLT_TYPE_SIGNED);
    MoltTypeId call =
        add_type(builder, "int (void)", (MoltType){.kind = MOLT_KIND_FUNCTION, .elem = type_int});
    MoltTypeId call_pointer = add_pointer(builder, "int (*)(void)", call);
    MoltTypeId table = add_array(builder, "int (*[3])(void)", call_pointer, 3);
    MoltTypeId pair = add_array(builder, "int[2]", type_int, 2);
    MoltTypeId grid = add_pointer(builder, "int (*)[2]", pair);
    MoltTypeId print = add_type(
        builder, "int (...)",
        (MoltType){.kind = MOLT_KIND_FUNCTION, .elem = type_int, .flags = MOLT_TYPE_VARIADIC});
    MoltTypeId print_pointer = add_pointer(builder, "int (*)(...)", print);
    MoltTypeId chase = add_pointer(builder, "chase", type_int);
    molt_builder_type(builder, chase)->elem = add_pointer(builder, "tail", chase);
    MoltTypeId box =
        add_type(builder, "Box", (MoltType){.kind = MOLT_KIND_STRUCT, .size = 48, .align = 8});
    MoltField fields[] = {field(builder, "table", table, 0), field(builder, "grid", grid, 24),
                          field(builder, "print", print_pointer, 32),
                          field(builder, "chase", chase, 40)};
    molt_builder_set_fields(builder, box, fields, 4);
    MoltSchema *schema = NULL;
    assert_int_equal(molt_builder_finish(builder, &schema, NULL), MOLT_OK);
    char text[128];
    molt_schema_declare(schema, &schema->tables.fields[0], text, sizeof text);
    assert_string_equal(text, "int (*table[3])(void)");
    molt_schema_declare(schema, &schema->tables.fields[1], text, sizeof text);
    assert_string_equal(text, "int (*grid)[2]");
    molt_schema_declare(schema, &schema->tables.fields[2], text, sizeof text);
    assert_string_equal(text, "int (*print)(...)");
    molt_schema_declare(schema, &schema->tables.fields[3], text, sizeof text);
    assert_memory_equal(text, "chase ***", 9);
    molt_schema_free(schema);
    molt_builder_destroy(builder);
}

/* ---- hashes --------------------------------------------------------------------------------- */

static void hash_ignores_order_notes_and_lines(void **state)
{
    (void)state;
    Variation other = plain;
    other.reversed = other.other_lines = other.no_notes = true;
    MoltSchema *a = build_variation(&plain), *b = build_variation(&other);
    assert_int_not_equal(molt_schema_find(a, "int"), molt_schema_find(b, "int"));
    assert_memory_equal(&a->tables.hash, &b->tables.hash, sizeof a->tables.hash);
    for (MoltTypeId id = 0; id < a->tables.type_count; id++)
        assert_int_equal(molt_type(a, id)->hash,
                         molt_type(b, molt_schema_find(b, molt_type_name(a, id)))->hash);
    molt_schema_free(a);
    molt_schema_free(b);
}

static void hash_tells_every_layout_difference(void **state)
{
    (void)state;
    Variation variations[] = {plain, plain, plain, plain, plain, plain, plain, plain, plain};
    variations[1].hp_name = "life";
    variations[2].hp_offset = 4;
    variations[3].carrying_width = 2;
    variations[4].name_length = 20;
    variations[5].dig_value = 5;
    variations[6].no_transient = true;
    variations[7].spelling = "ant_t"; /* no layout, but what molt_new can find */
    variations[8].root = "world";
    const size_t count = sizeof variations / sizeof variations[0];
    MoltSchema *schemas[sizeof variations / sizeof variations[0]];
    for (size_t i = 0; i < count; i++)
        schemas[i] = build_variation(&variations[i]);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            assert_int_not_equal(schemas[i]->tables.hash.low, schemas[j]->tables.hash.low);
            assert_int_not_equal(schemas[i]->tables.hash.high, schemas[j]->tables.hash.high);
        }
    }
    const MoltTypeId ant = molt_schema_find(schemas[0], "Ant");
    const MoltTypeId game = molt_schema_find(schemas[0], "Game");
    const MoltTypeId pointer = molt_schema_find(schemas[0], "Ant *");
    for (size_t i = 1; i < 6;
         i++) { /* what holds an Ant changes with it, what points at it does not */
        assert_int_not_equal(molt_type(schemas[i], ant)->hash, molt_type(schemas[0], ant)->hash);
        assert_int_not_equal(molt_type(schemas[i], game)->hash, molt_type(schemas[0], game)->hash);
        assert_int_equal(molt_type(schemas[i], pointer)->hash,
                         molt_type(schemas[0], pointer)->hash);
    }
    for (size_t i = 0; i < count; i++)
        molt_schema_free(schemas[i]);
}

/* ---- copying and checking ------------------------------------------------------------------- */

static void copy_equals_its_source(void **state)
{
    (void)state;
    MoltSchema *schema = build_variation(&plain), *copy = NULL;
    assert_int_equal(molt_schema_copy(&schema->tables, NULL, &copy, NULL), MOLT_OK);
    char *a = NULL, *b = NULL;
    assert_int_equal(molt_schema_to_json(schema, &a, NULL), MOLT_OK);
    molt_schema_free(schema);
    assert_int_equal(molt_schema_to_json(copy, &b, NULL), MOLT_OK);
    assert_string_equal(a, b);
    molt_schema_free(copy);
    free(a);
    free(b);
}

/* Writable copies of a schema's tables, to damage them. */
typedef struct Scratch {
    MoltTables tables;
    MoltType types[64];
    MoltField fields[64];
    MoltEnumerator enumerators[16];
    MoltTypeId refs[16];
    MoltNote notes[64];
    MoltRoot roots[4];
    MoltSpelling spellings[8];
    unsigned char constants[64];
    char strings[1024];
} Scratch;

#define COPY(to, from, count)                                                                      \
    do {                                                                                           \
        assert_true((count) * sizeof *(from) <= sizeof(to));                                       \
        memcpy((to), (from), (count) * sizeof *(from));                                            \
    } while (0)

static void scratch_fill(Scratch *scratch, const MoltTables *tables)
{
    memset(scratch, 0, sizeof *scratch);
    scratch->tables = *tables;
    COPY(scratch->types, tables->types, tables->type_count);
    COPY(scratch->fields, tables->fields, tables->field_count);
    COPY(scratch->enumerators, tables->enumerators, tables->enumerator_count);
    COPY(scratch->refs, tables->refs, tables->ref_count);
    COPY(scratch->notes, tables->notes, tables->note_count);
    COPY(scratch->roots, tables->roots, tables->root_count);
    COPY(scratch->spellings, tables->spellings, tables->spelling_count);
    COPY(scratch->constants, tables->constants, tables->constant_size);
    COPY(scratch->strings, tables->strings, tables->string_size);
    scratch->tables.types = scratch->types;
    scratch->tables.fields = scratch->fields;
    scratch->tables.enumerators = scratch->enumerators;
    scratch->tables.refs = scratch->refs;
    scratch->tables.notes = scratch->notes;
    scratch->tables.roots = scratch->roots;
    scratch->tables.spellings = scratch->spellings;
    scratch->tables.constants = scratch->constants;
    scratch->tables.strings = scratch->strings;
}

/* Expects the damaged tables to be refused with a message that contains `text`. */
static void expect_refusal(const Scratch *scratch, MoltStatus status, const char *text)
{
    MoltSchema *schema = NULL;
    MoltError error = {0};
    assert_int_equal(molt_schema_copy(&scratch->tables, NULL, &schema, &error), status);
    assert_null(schema);
    assert_int_equal(error.status, status);
    if (!strstr(error.text, text))
        fail_msg("\"%s\" is not in \"%s\"", text, error.text);
}

static void damaged_tables_are_refused_by_name(void **state)
{
    (void)state;
    MoltSchema *schema = build_variation(&plain);
    const MoltTypeId ant = molt_schema_find(schema, "Ant");
    const MoltTypeId game = molt_schema_find(schema, "Game");
    const MoltTypeId type_int = molt_schema_find(schema, "int");
    const MoltTypeId type_void = molt_schema_find(schema, "void");
    const MoltTypeId pos = molt_schema_find(schema, "float[2]");
    const MoltTypeId job = molt_schema_find(schema, "Job");
    const uint32_t hp = molt_schema_find_field(schema, ant, "hp");
    Scratch s;

#define DAMAGE(change, status, text)                                                               \
    do {                                                                                           \
        scratch_fill(&s, &schema->tables);                                                         \
        change;                                                                                    \
        expect_refusal(&s, status, text);                                                          \
    } while (0)

    DAMAGE(s.tables.size = 16, MOLT_VERSION, "version");
    DAMAGE(s.tables.version = 99, MOLT_VERSION, "99");
    DAMAGE(s.tables.abi.pointer_size = 4, MOLT_VERSION, "4-byte pointers");
    DAMAGE(s.tables.abi.max_align = 3, MOLT_INVALID, "max_align");
    DAMAGE(s.tables.types = NULL, MOLT_INVALID, "no table of types");
    DAMAGE(s.tables.type_count = UINT32_MAX, MOLT_INVALID, "more than the limit");
    DAMAGE(s.strings[0] = 'x', MOLT_INVALID, "string pool");
    DAMAGE(s.strings[s.tables.string_size - 1] = 'x', MOLT_INVALID, "string pool");
    DAMAGE(s.tables.string_size = 0, MOLT_INVALID, "string pool");
    DAMAGE(s.types[ant].name = 0, MOLT_INVALID, "has no name");
    DAMAGE(s.types[ant].name = 1 << 20, MOLT_INVALID, "has no name");
    DAMAGE(s.types[ant].name = s.types[game].name, MOLT_INVALID, "\"Game\": another type has");
    DAMAGE(s.types[ant].file = 1 << 20, MOLT_INVALID, "\"Ant\" has a file name outside");
    DAMAGE(s.types[ant].kind = MOLT_KIND_COUNT, MOLT_INVALID, "\"Ant\" (game/ant.h:10): unknown");
    DAMAGE(s.types[ant].flags = MOLT_TYPE_CHAR, MOLT_INVALID, "flags");
    DAMAGE(s.types[ant].align = 6, MOLT_INVALID, "power of two");
    DAMAGE(s.types[ant].align = 0, MOLT_INVALID, "power of two");
    DAMAGE(s.types[ant].size = 129, MOLT_INVALID, "cannot be the size");
    DAMAGE(s.types[ant].size = UINT64_MAX - 7, MOLT_INVALID, "cannot be the size");
    DAMAGE(s.types[type_int].size = 3, MOLT_INVALID, "cannot be the size");
    DAMAGE(s.types[type_void].size = 1, MOLT_INVALID, "cannot be the size");
    DAMAGE(s.types[ant].count = 1000, MOLT_INVALID, "outside the table");
    DAMAGE(s.types[ant].first = UINT32_MAX, MOLT_INVALID, "outside the table");
    DAMAGE(s.types[game].first = s.types[ant].first;
           s.types[game].count = s.tables.field_count, MOLT_INVALID, "outside the table");
    DAMAGE(s.types[type_int].count = 1, MOLT_INVALID, "no members");
    DAMAGE(s.types[pos].elem = MOLT_NO_TYPE, MOLT_INVALID, "element type");
    DAMAGE(s.types[pos].elem = type_void, MOLT_INVALID, "element type");
    DAMAGE(s.types[pos].length = 3, MOLT_INVALID, "3 elements of 4 bytes");
    DAMAGE(s.types[pos].length = (UINT64_C(1) << 62) + 2, MOLT_INVALID, "address space");
    DAMAGE(s.types[job].elem = ant, MOLT_INVALID, "no integer type");
    DAMAGE(s.types[job].flags = 0, MOLT_INVALID, "sign");
    DAMAGE(s.types[molt_schema_find(schema, "Ant *")].elem = 999, MOLT_INVALID, "points at");
    DAMAGE(s.types[molt_schema_find(schema, "void (Ant *, int)")].elem = 999, MOLT_INVALID,
           "result");
    DAMAGE(s.refs[1] = 999, MOLT_INVALID, "parameter 2");
    DAMAGE(s.fields[hp].name = 0, MOLT_INVALID, "field 0 has no name");
    DAMAGE(s.fields[hp].name = s.fields[hp + 2].name, MOLT_INVALID, "\"pos\": two fields");
    DAMAGE(s.fields[hp].type = 999, MOLT_INVALID, "\"hp\": its type");
    DAMAGE(s.fields[hp].type = type_void, MOLT_INVALID, "no size");
    DAMAGE(s.fields[hp].bit_offset = 125 * 8, MOLT_INVALID, "do not fit 128 bytes");
    DAMAGE(s.fields[hp].bit_offset = UINT64_MAX - 7, MOLT_INVALID, "do not fit");
    DAMAGE(s.fields[hp].bit_offset = 3, MOLT_INVALID, "no bit-field");
    DAMAGE(s.fields[hp].bit_width = 3, MOLT_INVALID, "no bit-field");
    DAMAGE(s.fields[hp].flags = 1u << 30, MOLT_INVALID, "unknown flags");
    DAMAGE(s.fields[hp + 1].bit_width = 33, MOLT_INVALID, "33 bits");
    DAMAGE(s.fields[hp + 1].bit_width = 0, MOLT_INVALID, "0 bits");
    DAMAGE(s.fields[hp + 2].flags = MOLT_FIELD_BITS, MOLT_INVALID, "can be bit-fields");
    DAMAGE(s.fields[hp].note_count = 1000, MOLT_INVALID, "notes");
    DAMAGE(s.fields[hp].note_first = UINT32_MAX, MOLT_INVALID, "notes");
    DAMAGE(s.notes[s.fields[hp].note_first].kind = 77, MOLT_INVALID, "note 0");
    DAMAGE(s.notes[s.fields[hp].note_first].text = 0, MOLT_INVALID, "earlier name is empty");
    DAMAGE(s.notes[s.fields[hp].note_first + 3].text = s.types[ant].name, MOLT_INVALID,
           "unknown conversion \"Ant\"");
    DAMAGE(s.notes[s.fields[hp].note_first + 2].constant = 1 << 20, MOLT_INVALID, "constant");
    DAMAGE(s.notes[s.fields[hp].note_first + 2].constant_size = 3, MOLT_INVALID, "3 bytes");
    DAMAGE(s.fields[hp + 4].note_first = s.fields[hp].note_first + 2;
           s.fields[hp + 4].note_count = 1, MOLT_INVALID, "NULL or a string");
    DAMAGE(s.enumerators[0].flags = 8, MOLT_INVALID, "\"IDLE\": unknown flags");
    DAMAGE(s.enumerators[1].name = s.enumerators[0].name, MOLT_INVALID, "two enumerators");
    DAMAGE(s.types[job].elem = type_int; s.types[job].size = 4, MOLT_INVALID, "does not fit 32");
    DAMAGE(s.roots[0].type = 999, MOLT_INVALID, "Root 0");
    DAMAGE(s.roots[0].name = 0, MOLT_INVALID, "Root 0");
    DAMAGE(s.spellings[0].text = s.spellings[1].text, MOLT_INVALID, "not in order");
    DAMAGE(s.spellings[0].type = type_void, MOLT_INVALID, "Spelling 0");
    DAMAGE(s.types[ant].hash ^= 1, MOLT_INVALID, "hash of type \"Ant\"");
    DAMAGE(s.types[ant].line++; s.tables.hash.high ^= 1, MOLT_INVALID, "schema's hash");
    DAMAGE(s.fields[molt_schema_find_field(schema, game, "<i,f>")].type = game, MOLT_INVALID,
           "do not fit");
    DAMAGE(s.fields[molt_schema_find_field(schema, game, "queen")].type = game, MOLT_INVALID,
           "contains itself");
#undef DAMAGE
    molt_schema_free(schema);
}

/* A chain of structs, each holding the next one, `depth` long. */
static MoltStatus build_chain(unsigned depth, bool closed, MoltError *error)
{
    MoltBuilder *builder = molt_builder_create(NULL);
    MoltTypeId previous = add_integer(builder, "int", 4, MOLT_TYPE_SIGNED), first = MOLT_NO_TYPE;
    char name[32];
    for (unsigned i = 1; i < depth; i++) {
        snprintf(name, sizeof name, "S%u", i);
        MoltTypeId id =
            add_type(builder, name, (MoltType){.kind = MOLT_KIND_STRUCT, .size = 4, .align = 4});
        if (i == 1)
            first = id;
        else {
            MoltField inner = field(builder, "inner", previous, 0);
            molt_builder_set_fields(builder, id, &inner, 1);
        }
        previous = id;
    }
    MoltField inner = field(builder, "inner", closed ? previous : 0, 0);
    molt_builder_set_fields(builder, first, &inner, 1);
    MoltSchema *schema = NULL;
    MoltStatus status = molt_builder_finish(builder, &schema, error);
    molt_builder_destroy(builder);
    molt_schema_free(schema);
    return status;
}

static void nesting_is_bounded_and_cycles_are_refused(void **state)
{
    (void)state;
    MoltError error = {0};
    assert_int_equal(build_chain(MOLT_SCHEMA_DEPTH_MAX, false, &error), MOLT_OK);
    assert_int_equal(build_chain(MOLT_SCHEMA_DEPTH_MAX + 1, false, &error), MOLT_INVALID);
    assert_non_null(strstr(error.text, "levels deep"));
    assert_int_equal(build_chain(10000, false, &error), MOLT_INVALID);
    assert_int_equal(build_chain(3, true, &error), MOLT_INVALID);
    assert_non_null(strstr(error.text, "contains itself"));
}

/* Any damage is either refused or harmless: what passes the check can be read in full. */
static void random_damage_never_crashes(void **state)
{
    (void)state;
    MoltSchema *schema = build_variation(&plain);
    uint32_t seed = 12345, passed = 0;
    static Scratch s;
    for (int round = 0; round < 20000; round++) {
        scratch_fill(&s, &schema->tables);
        for (uint32_t n = 1 + next_random(&seed) % 3; n-- > 0;) {
            const struct {
                void *data;
                size_t size;
            } parts[] = {
                {s.types, s.tables.type_count * sizeof s.types[0]},
                {s.fields, s.tables.field_count * sizeof s.fields[0]},
                {s.enumerators, s.tables.enumerator_count * sizeof s.enumerators[0]},
                {s.refs, s.tables.ref_count * sizeof s.refs[0]},
                {s.notes, s.tables.note_count * sizeof s.notes[0]},
                {s.roots, s.tables.root_count * sizeof s.roots[0]},
                {s.spellings, s.tables.spelling_count * sizeof s.spellings[0]},
                {s.strings, s.tables.string_size},
            };
            uint32_t part = next_random(&seed) % (sizeof parts / sizeof parts[0]);
            unsigned char *bytes = parts[part].data;
            uint32_t value = next_random(&seed) % 4;
            bytes[next_random(&seed) % parts[part].size] =
                (unsigned char)(value == 0   ? 0
                                : value == 1 ? 0xff
                                             : next_random(&seed) % 32);
        }
        MoltSchema *made = NULL;
        if (molt__schema_make(&s.tables, false, NULL, &made, NULL))
            continue;
        passed++;
        char *json = NULL, text[64];
        for (uint32_t i = 0; i < made->tables.field_count; i++)
            molt_schema_declare(made, &made->tables.fields[i], text, sizeof text);
        assert_int_equal(molt_schema_to_json(made, &json, NULL), MOLT_OK);
        molt_schema_free(made);
        free(json);
    }
    assert_true(passed > 100);
    molt_schema_free(schema);
}

/* ---- running out of memory ------------------------------------------------------------------ */

static MoltStatus build_with(const MoltAllocator *allocator, MoltSchema **out, MoltError *error)
{
    MoltBuilder *builder = fill_sample(allocator, &plain);
    MoltStatus status = molt_builder_finish(builder, out, error);
    molt_builder_destroy(builder);
    return status;
}

/* Fails every call in turn; whatever fails reports it, leaves *out alone and leaks nothing. */
static void every_allocation_may_fail(void **state)
{
    (void)state;
    char *json = NULL;
    MoltSchema *source = build_variation(&plain);
    assert_int_equal(molt_schema_to_json(source, &json, NULL), MOLT_OK);
    for (int way = 0; way < 3; way++) {
        MoltStatus status = MOLT_OUT_OF_MEMORY;
        for (unsigned fail_at = 1; status; fail_at++) {
            CountingAllocator counting = {.fail_at = fail_at};
            MoltAllocator allocator = counting_allocator(&counting);
            MoltSchema *schema = NULL;
            MoltError error = {0};
            if (way == 0)
                status = build_with(&allocator, &schema, &error);
            else if (way == 1)
                status = molt_schema_copy(&source->tables, &allocator, &schema, &error);
            else
                status = molt_schema_from_json(json, strlen(json), &allocator, &schema, &error);
            if (status) {
                assert_int_equal(status, MOLT_OUT_OF_MEMORY);
                assert_int_equal(error.status, MOLT_OUT_OF_MEMORY);
                assert_null(schema);
            } else {
                assert_true(counting.calls < fail_at);
                assert_int_equal(counting.bytes, schema->storage_size);
            }
            molt_schema_free(schema);
            assert_int_equal(counting.bytes, 0);
            assert_true(fail_at < 1000);
        }
    }
    molt_schema_free(source);
    free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_has_an_id),
        cmocka_unit_test(error_wraps_its_own_text_and_cuts_whole_characters),
        cmocka_unit_test(lookups_find_what_was_built),
        cmocka_unit_test(notes_set_flags_and_storage_sets_the_sign),
        cmocka_unit_test(builder_interns_strings_and_survives_growth),
        cmocka_unit_test(builder_failure_sticks),
        cmocka_unit_test(builder_stays_usable_after_finish),
        cmocka_unit_test(empty_schema_is_a_schema),
        cmocka_unit_test(declarations_read_as_c),
        cmocka_unit_test(declarations_nest_and_end),
        cmocka_unit_test(hash_ignores_order_notes_and_lines),
        cmocka_unit_test(hash_tells_every_layout_difference),
        cmocka_unit_test(copy_equals_its_source),
        cmocka_unit_test(damaged_tables_are_refused_by_name),
        cmocka_unit_test(nesting_is_bounded_and_cycles_are_refused),
        cmocka_unit_test(random_damage_never_crashes),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
