#include "sandbox.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>

#include "code_pair.h"
#include "fixtures/names.h"

/* A plain library, opened as library.c would, without what only games have. */
typedef struct Side {
    void *handle;
    MoltSymbols *symbols;
    Names names;
} Side;

static int grow_image(struct dl_phdr_info *info, size_t size, void *context)
{
    uintptr_t *range = context; /* base, begin, end */
    (void)size;
    if (info->dlpi_addr != range[0]) {
        return 0;
    }
    range[1] = UINTPTR_MAX;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type == PT_LOAD) {
            uintptr_t from = range[0] + info->dlpi_phdr[i].p_vaddr;
            uintptr_t to = from + info->dlpi_phdr[i].p_memsz;
            range[1] = from < range[1] ? from : range[1];
            range[2] = to > range[2] ? to : range[2];
        }
    }
    return 1;
}

static Side open_side(const char *path)
{
    Side side = {.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL)};
    struct link_map *map = NULL;
    MoltError error = {0};
    void (*fill)(Names * names);
    assert_non_null(side.handle);
    assert_int_equal(dlinfo(side.handle, RTLD_DI_LINKMAP, &map), 0);
    uintptr_t range[3] = {map->l_addr, 0, 0};
    assert_int_equal(dl_iterate_phdr(grow_image, range), 1);
    assert_int_equal(
        molt__symbols_open(path, range[1] - range[0], range[2] - range[0], &side.symbols, &error),
        MOLT_OK);
    molt__symbols_load(side.symbols, range[0]);
    void *address = dlsym(side.handle, "names_fill");
    assert_non_null(address);
    memcpy(&fill, &address, sizeof fill);
    fill(&side.names);
    return side;
}

static void close_side(Side *side)
{
    molt__symbols_free(side->symbols);
    dlclose(side->handle);
}

typedef struct Pair {
    Side before, after;
    MoltCodePair *code;
    const MoltCodeMap *map;
} Pair;

static int pair_setup(void **state)
{
    static Pair pair;
    pair = (Pair){.before = open_side(FIXTURE_NAMES_1), .after = open_side(FIXTURE_NAMES_2)};
    assert_int_equal(
        molt__code_pair_create(pair.before.symbols, pair.after.symbols, &pair.code, NULL), MOLT_OK);
    pair.map = molt__code_pair_map(pair.code);
    *state = &pair;
    return 0;
}

static int pair_teardown(void **state)
{
    Pair *pair = *state;
    molt__code_pair_free(pair->code);
    close_side(&pair->before);
    close_side(&pair->after);
    return 0;
}

static uintptr_t carry(const Pair *pair, uintptr_t address)
{
    MoltCodeTarget target;
    assert_true(pair->map->describe(pair->map->context, address, &target));
    uintptr_t first = pair->map->resolve(pair->map->context, &target);
    assert_int_equal(pair->map->resolve(pair->map->context, &target), first); /* from the cache */
    return first;
}

static const char *find_signature(const MoltSymbols *symbols, uintptr_t address)
{
    for (uint32_t i = 0; i < symbols->count; i++) {
        if (symbols->items[i].address == address) {
            return molt__symbol_signature(symbols, &symbols->items[i]);
        }
    }
    return NULL;
}

static void check_name(const Pair *pair, uintptr_t address, const char *file, const char *name,
                       uint64_t offset)
{
    MoltCodeTarget target;
    assert_true(pair->map->describe(pair->map->context, address, &target));
    assert_string_equal(target.file, file);
    assert_string_equal(target.name, name);
    assert_int_equal(target.offset, offset);
}

static void equal_statics_resolve_by_file(void **state)
{
    const Pair *pair = *state;
    const Names *before = &pair->before.names, *after = &pair->after.names;
    assert_int_not_equal(before->twin_a, before->twin_b);
    check_name(pair, before->twin_a, "names_a.c", "twin", 0);
    check_name(pair, before->twin_b, "names_b.c", "twin", 0);
    assert_int_equal(carry(pair, before->twin_a), after->twin_a);
    assert_int_equal(carry(pair, before->twin_b), after->twin_b);
    assert_int_equal(carry(pair, before->twin_a), after->twin_a);
}

static void check_retyped(const Pair *pair, uintptr_t address, const char *expect_was,
                          const char *expect_is)
{
    MoltCodeTarget target;
    const char *was = NULL, *is = NULL;
    assert_true(pair->map->describe(pair->map->context, address, &target));
    assert_int_equal(pair->map->resolve(pair->map->context, &target), 0);
    assert_true(pair->map->retyped(pair->map->context, &target, &was, &is));
    assert_string_equal(was, expect_was);
    assert_string_equal(is, expect_is);
}

static void function_of_another_type_is_not_the_same(void **state)
{
    const Pair *pair = *state;
    const Names *before = &pair->before.names;
    MoltCodeTarget target;
    const char *was = NULL, *is = NULL;
    check_retyped(pair, before->retyped, "int (int)", "void (Names *, double)");
    assert_non_null(strstr(molt__code_pair_note(pair->code), "retyped is void (Names *, double)"));
    check_retyped(pair, before->unprototyped, "int ()", "int (int)");
    assert_true(pair->map->describe(pair->map->context, before->vanishing, &target));
    assert_false(pair->map->retyped(pair->map->context, &target, &was, &is));
}

static void function_of_the_same_type_in_other_words_is_the_same(void **state)
{
    const Pair *pair = *state;
    const Names *before = &pair->before.names;
    assert_int_equal(carry(pair, before->steady), pair->after.names.steady);
    assert_string_equal(find_signature(pair->before.symbols, before->steady),
                        "int (int *, int (*)(char *), Names *, int (*)[3])");
}

static void global_function_has_no_file(void **state)
{
    const Pair *pair = *state;
    check_name(pair, pair->before.names.fill, "", "names_fill", 0);
    assert_int_equal(carry(pair, pair->before.names.fill), pair->after.names.fill);
}

static void function_that_moved_to_another_file_is_found(void **state)
{
    const Pair *pair = *state;
    check_name(pair, pair->before.names.mover, "names_a.c", "mover", 0);
    assert_int_equal(carry(pair, pair->before.names.mover), pair->after.names.mover);
}

static void removed_function_is_not_found(void **state)
{
    const Pair *pair = *state;
    assert_int_equal(carry(pair, pair->before.names.vanishing), 0);
    assert_non_null(strstr(molt__code_pair_note(pair->code), "vanishing"));
}

static void middle_of_a_function_has_no_name(void **state)
{
    const Pair *pair = *state;
    MoltCodeTarget target;
    assert_false(pair->map->describe(pair->map->context, pair->before.names.fill + 1, &target));
}

static void object_keeps_offset_while_its_size_is_equal(void **state)
{
    const Pair *pair = *state;
    check_name(pair, pair->before.names.same_size, "", "same_size", 2 * sizeof(int));
    assert_int_equal(carry(pair, pair->before.names.same_size), pair->after.names.same_size);
    assert_int_equal(carry(pair, pair->before.names.same_size - sizeof(int)),
                     pair->after.names.same_size - sizeof(int));
}

static void object_of_another_size_is_not_found(void **state)
{
    const Pair *pair = *state;
    assert_int_equal(carry(pair, pair->before.names.grows), 0);
    assert_non_null(strstr(molt__code_pair_note(pair->code), "The object grows"));
}

static void function_static_goes_by_its_name_while_that_is_unique(void **state)
{
    const Pair *pair = *state;
    assert_int_equal(carry(pair, pair->before.names.counter), pair->after.names.counter);
}

/* gcc calls both shared.N; clang names them after their functions, which is as good as a name. */
static void equal_function_statics_are_told_apart_or_refused(void **state)
{
    const Pair *pair = *state;
    uintptr_t first = carry(pair, pair->before.names.shared_first);
    uintptr_t second = carry(pair, pair->before.names.shared_second);
    assert_true(first == 0 || first == pair->after.names.shared_first);
    assert_true(second == 0 || second == pair->after.names.shared_second);
}

static void literal_is_found_by_its_text(void **state)
{
    const Pair *pair = *state;
    MoltCodeTarget target;
    uintptr_t at = pair->before.names.literal;
    assert_true(pair->map->describe(pair->map->context, at, &target));
    assert_int_equal(target.kind, MOLT_CODE_LITERAL);
    assert_int_equal(target.size, strlen("a literal of the first file") + 1);
    assert_string_equal(target.bytes, "a literal of the first file");
    uintptr_t found = carry(pair, at);
    assert_true(found >= pair->after.symbols->begin && found < pair->after.symbols->end);
    assert_string_equal((const char *)found, "a literal of the first file");
}

static void tail_of_a_literal_is_found(void **state)
{
    const Pair *pair = *state;
    uintptr_t found = carry(pair, pair->before.names.tail);
    assert_true(found >= pair->after.symbols->begin && found < pair->after.symbols->end);
    assert_string_equal((const char *)found, "longer literal");
}

static void unknown_literal_is_not_found(void **state)
{
    const Pair *pair = *state;
    const char text[] = "no library has this";
    MoltCodeTarget target = {
        .kind = MOLT_CODE_LITERAL, .file = "", .name = "", .bytes = text, .size = sizeof text};
    assert_int_equal(pair->map->resolve(pair->map->context, &target), 0);
}

static void targets_in_foreign_storage_resolve_too(void **state)
{
    const Pair *pair = *state;
    for (int i = 0; i < 2; i++) {
        char file[] = "names_a.c", name[] = "twin";
        file[6] = i == 0 ? 'a' : 'b';
        MoltCodeTarget target = {.kind = MOLT_CODE_FUNCTION, .file = file, .name = name};
        assert_int_equal(pair->map->resolve(pair->map->context, &target),
                         i == 0 ? pair->after.names.twin_a : pair->after.names.twin_b);
    }
}

static void every_address_of_the_image_is_answered(void **state)
{
    const Pair *pair = *state;
    for (uintptr_t at = pair->before.symbols->begin; at < pair->before.symbols->end; at++) {
        MoltCodeTarget target;
        if (pair->map->describe(pair->map->context, at, &target)) {
            assert_non_null(target.name);
            assert_non_null(target.file);
            pair->map->resolve(pair->map->context, &target);
        }
    }
}

static void stripped_library_knows_only_literals(void **state)
{
    (void)state;
    Side side = open_side(FIXTURE_NAMES_STRIPPED);
    MoltCodeTarget target;
    MoltCodePair *code = NULL;
    assert_false(side.symbols->available);
    assert_int_equal(molt__code_pair_create(side.symbols, NULL, &code, NULL), MOLT_OK);
    const MoltCodeMap *map = molt__code_pair_map(code);
    assert_null(map->resolve);
    assert_true(map->describe(map->context, side.names.literal, &target));
    assert_int_equal(target.kind, MOLT_CODE_LITERAL);
    assert_false(map->describe(map->context, side.names.twin_a, &target));
    assert_non_null(strstr(molt__code_pair_note(code), "without -s"));
    molt__code_pair_free(code);
    close_side(&side);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, pair_setup, pair_teardown)
    const struct CMUnitTest tests[] = {
        TEST(equal_statics_resolve_by_file),
        TEST(function_of_another_type_is_not_the_same),
        TEST(function_of_the_same_type_in_other_words_is_the_same),
        TEST(global_function_has_no_file),
        TEST(function_that_moved_to_another_file_is_found),
        TEST(removed_function_is_not_found),
        TEST(middle_of_a_function_has_no_name),
        TEST(object_keeps_offset_while_its_size_is_equal),
        TEST(object_of_another_size_is_not_found),
        TEST(function_static_goes_by_its_name_while_that_is_unique),
        TEST(equal_function_statics_are_told_apart_or_refused),
        TEST(literal_is_found_by_its_text),
        TEST(tail_of_a_literal_is_found),
        TEST(unknown_literal_is_not_found),
        TEST(targets_in_foreign_storage_resolve_too),
        TEST(every_address_of_the_image_is_answered),
        cmocka_unit_test(stripped_library_knows_only_literals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
