/* Types that are made of values of another one: _Atomic, complex and vector types in schemas, in their
 * JSON form and in dumps. What edits do to them is tested with real libraries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "molt/builder.h"
#include "molt/dump.h"
#include "molt/heap.h"

typedef float Vector __attribute__((vector_size(16)));

typedef struct State {
    Vector vector;
    _Complex double complex;
    _Atomic int count;
    _Atomic(struct State *) next;
    float *element;
    _Atomic int *counter;
} State;

static MoltTypeId add(MoltBuilder *builder, const char *name, MoltType type)
{
    type.name = molt_builder_string(builder, name);
    return molt_builder_add_type(builder, &type);
}

static MoltTypeId add_made_of(MoltBuilder *builder, const char *name, MoltKind kind, size_t size,
                              size_t align, MoltTypeId elem, uint64_t length)
{
    return add(builder, name,
               (MoltType){.kind = (uint16_t)kind,
                          .size = size,
                          .align = (uint32_t)align,
                          .elem = elem,
                          .length = length});
}

static MoltField field(MoltBuilder *builder, const char *name, MoltTypeId type, size_t offset)
{
    return (MoltField){
        .name = molt_builder_string(builder, name), .type = type, .bit_offset = offset * 8};
}

static MoltSchema *make_schema(void)
{
    MoltBuilder *b = molt_builder_create(NULL);
    MoltTypeId i32 = add(b, "int",
                         (MoltType){.kind = MOLT_KIND_INT, .size = 4, .align = 4,
                                    .flags = MOLT_TYPE_SIGNED});
    MoltTypeId f32 = add(b, "float",
                         (MoltType){.kind = MOLT_KIND_FLOAT, .size = 4, .align = 4,
                                    .flags = MOLT_TYPE_BINARY_FLOAT});
    MoltTypeId f64 = add(b, "double",
                         (MoltType){.kind = MOLT_KIND_FLOAT, .size = 8, .align = 8,
                                    .flags = MOLT_TYPE_BINARY_FLOAT});
    MoltTypeId state = add(b, "State",
                           (MoltType){.kind = MOLT_KIND_STRUCT, .size = sizeof(State),
                                      .align = _Alignof(State)});
    MoltTypeId pointer = add_made_of(b, "State *", MOLT_KIND_POINTER, 8, 8, state, 0);
    MoltTypeId element = add_made_of(b, "float *", MOLT_KIND_POINTER, 8, 8, f32, 0);
    MoltTypeId vector = add_made_of(b, "vector", MOLT_KIND_VECTOR, 16, 16, f32, 4);
    MoltTypeId complex = add_made_of(b, "_Complex double", MOLT_KIND_COMPLEX, 16, 8, f64, 0);
    MoltTypeId count = add_made_of(b, "_Atomic(int)", MOLT_KIND_ATOMIC, 4, 4, i32, 0);
    MoltTypeId counter = add_made_of(b, "_Atomic(int) *", MOLT_KIND_POINTER, 8, 8, count, 0);
    MoltTypeId next = add_made_of(b, "_Atomic(State *)", MOLT_KIND_ATOMIC, 8, 8, pointer, 0);
    MoltField fields[] = {field(b, "vector", vector, offsetof(State, vector)),
                          field(b, "complex", complex, offsetof(State, complex)),
                          field(b, "count", count, offsetof(State, count)),
                          field(b, "next", next, offsetof(State, next)),
                          field(b, "element", element, offsetof(State, element)),
                          field(b, "counter", counter, offsetof(State, counter))};
    molt_builder_set_fields(b, state, fields, sizeof fields / sizeof *fields);
    molt_builder_add_root(b, "state", state);
    MoltSchema *schema = NULL;
    MoltError error = {0};
    if (molt_builder_finish(b, &schema, &error) != MOLT_OK)
        fail_msg("%s", error.text);
    molt_builder_destroy(b);
    return schema;
}

static void lengths_follow_the_kind(void **context)
{
    (void)context;
    MoltSchema *schema = make_schema();
    MoltTypeId count = molt_schema_find(schema, "_Atomic(int)");
    assert_int_equal(molt_type(schema, count)->length, 1);
    assert_int_equal(molt_value_type(schema, count), molt_schema_find(schema, "int"));
    MoltTypeId complex = molt_schema_find(schema, "_Complex double");
    assert_int_equal(molt_type(schema, complex)->length, 2);
    assert_int_equal(molt_value_type(schema, complex), complex);
    molt_schema_free(schema);
}

static void json_reads_back(void **context)
{
    (void)context;
    MoltSchema *schema = make_schema(), *read = NULL;
    MoltError error = {0};
    char *text = NULL;
    assert_int_equal(molt_schema_to_json(schema, &text, &error), MOLT_OK);
    if (molt_schema_from_json(text, strlen(text), NULL, &read, &error) != MOLT_OK)
        fail_msg("%s", error.text);
    assert_non_null(strstr(text, "{\"name\":\"_Atomic(int)\",\"kind\":\"atomic\",\"size\":4,"
                                 "\"align\":4,\"of\":\"int\"}"));
    assert_non_null(strstr(text, "\"kind\":\"vector\",\"size\":16,\"align\":16,\"of\":\"float\","
                                 "\"length\":4}"));
    assert_memory_equal(&schema->tables.hash, &read->tables.hash, sizeof(MoltHash));
    free(text);
    molt_schema_free(read);
    molt_schema_free(schema);
}

/* Expects the schema to be refused once one type of it is changed. */
static void expect_refusal(const char *name, const MoltType *change, const char *wanted)
{
    MoltSchema *schema = make_schema(), *copy = NULL;
    MoltTypeId id = molt_schema_find(schema, name);
    MoltType *types = malloc(schema->tables.type_count * sizeof *types);
    assert_non_null(types);
    memcpy(types, schema->tables.types, schema->tables.type_count * sizeof *types);
    types[id].size = change->size;
    types[id].length = change->length;
    types[id].elem = change->elem == 0 ? types[id].elem : change->elem;
    MoltTables tables = schema->tables;
    tables.types = types;
    MoltError error = {0};
    assert_int_equal(molt_schema_copy(&tables, NULL, &copy, &error), MOLT_INVALID);
    if (!strstr(error.text, wanted))
        fail_msg("%s", error.text);
    free(types);
    molt_schema_free(schema);
}

static void damage_is_refused_by_name(void **context)
{
    (void)context;
    MoltSchema *schema = make_schema();
    MoltTypeId state = molt_schema_find(schema, "State");
    molt_schema_free(schema);
    expect_refusal("_Atomic(int)", &(MoltType){.size = 8, .length = 1}, "has 8 bytes but 1 elements");
    expect_refusal("_Atomic(int)", &(MoltType){.size = 8, .length = 2}, "cannot have 2 elements");
    expect_refusal("_Complex double", &(MoltType){.size = 24, .length = 3},
                   "\"_Complex double\": a type of its kind cannot have 3 elements");
    expect_refusal("_Complex double", &(MoltType){.size = 160, .length = 2, .elem = state},
                   "cannot be made of \"State\"");
    expect_refusal("vector", &(MoltType){.size = 32, .length = 4}, "has 32 bytes but 4 elements");
    expect_refusal("vector", &(MoltType){.size = 8, .length = 4}, "has 8 bytes but 4 elements");
    expect_refusal("vector", &(MoltType){.size = 16, .length = 4, .elem = UINT32_MAX - 1},
                   "element type is missing");
}

static void dump_writes_what_they_hold(void **context)
{
    (void)context;
    MoltSchema *schema = make_schema();
    MoltHeap *heap = NULL;
    char *text = NULL;
    size_t length = 0;
    assert_int_equal(molt_heap_create(NULL, &heap, NULL), MOLT_OK);
    assert_int_equal(molt_heap_set_schema(heap, schema), MOLT_OK);
    State *s = molt_heap_new(heap, molt_schema_find(schema, "State"), 1);
    double parts[2] = {1.5, -2};
    s->vector = (Vector){1, 2, 0.5f, -3};
    memcpy(&s->complex, parts, sizeof parts);
    s->count = -7;
    s->next = s;
    s->element = (float *)(void *)&s->vector + 2;
    s->counter = &s->count;
    molt_heap_set_root(heap, 0, s);
    assert_int_equal(molt_dump_json(heap, NULL, &text, &length, NULL), MOLT_OK);
    assert_non_null(strstr(text, "{\"vector\":[1,2,0.5,-3],\"complex\":[1.5,-2],\"count\":-7,"
                                 "\"next\":{\"ref\":\"State:0\"},"
                                 "\"element\":{\"ref\":\"State:0\",\"at\":\".vector[2]\"},"
                                 "\"counter\":{\"ref\":\"State:0\",\"at\":\".count\"}}"));
    free(text);
    molt_heap_destroy(heap);
    molt_schema_free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_follow_the_kind),
        cmocka_unit_test(json_reads_back),
        cmocka_unit_test(damage_is_refused_by_name),
        cmocka_unit_test(dump_writes_what_they_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
