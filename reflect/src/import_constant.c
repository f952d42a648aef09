/* What a text tells of the library's constants that its state points at. A pointer into one means the same
 * only while the constant has its size, and a number that somebody points at only while it is the same. */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "import_state.h"

static bool read_bytes(MoltImport *import, uint64_t *out)
{
    MoltJsonText text;
    if (!molt__json_number(&import->reader, &text))
        return false;
    *out = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (text.bytes[i] < '0' || text.bytes[i] > '9' || *out > UINT64_MAX / 20)
            return molt__json_fail(&import->reader, MOLT_INVALID, "this must be a number of bytes");
        *out = *out * 10 + (uint64_t)(text.bytes[i] - '0');
    }
    return true;
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_value(MoltImport *import, MoltImportConstant *out)
{
    MoltJsonText text;
    if (!molt__json_string(&import->reader, &text))
        return false;
    bool good = text.length % 2 == 0 && text.length / 2 <= sizeof out->value;
    for (size_t i = 0; good && i < text.length; i += 2) {
        int high = digit_of(text.bytes[i]), low = digit_of(text.bytes[i + 1]);
        good = high >= 0 && low >= 0;
        if (good)
            out->value[i / 2] = (unsigned char)(high << 4 | low);
    }
    out->value_size = (uint32_t)(text.length / 2);
    return good || molt__json_fail(&import->reader, MOLT_INVALID,
                                   "this must be the digits, 0 to 9 and a to f, of %zu bytes at "
                                   "most",
                                   sizeof out->value);
}

static bool read_member(MoltImport *import, MoltImportConstant *out, bool *named)
{
    MoltJsonReader *reader = &import->reader;
    MoltJsonText name;
    if (molt__json_is(reader->key, "at"))
        return read_bytes(import, &out->offset);
    if (molt__json_is(reader->key, "size"))
        return read_bytes(import, &out->size);
    if (molt__json_is(reader->key, "holds"))
        return read_value(import, out);
    if (!molt__json_is(reader->key, "data"))
        return molt__json_fail_key(reader, "a constant has no such member; it has data, at, size "
                                           "and holds");
    if (!molt__json_string(reader, &name))
        return false;
    out->hash = XXH3_64bits(name.bytes, name.length);
    *named = true;
    return true;
}

static bool read_constant(MoltImport *import, MoltImportConstant *out)
{
    MoltJsonReader *reader = &import->reader;
    bool named = false;
    *out = (MoltImportConstant){0};
    if (!molt__json_enter(reader, MOLT__JSON_OBJECT))
        return false;
    size_t start = reader->mark;
    while (molt__json_next(reader)) {
        if (!read_member(import, out, &named))
            return false;
    }
    reader->mark = start;
    if (!named || out->size == 0)
        return molt__json_fail(reader, MOLT_INVALID, "the constant has no %s",
                               named ? "size" : "name, data");
    return (out->offset <= out->size && out->value_size <= out->size - out->offset) ||
           molt__json_fail(reader, MOLT_INVALID, "a place outside of the constant's %llu bytes",
                           (unsigned long long)out->size);
}

bool molt__import_constants(MoltImport *import)
{
    if (!molt__json_enter(&import->reader, MOLT__JSON_LIST))
        return false;
    while (molt__json_next(&import->reader)) {
        MoltImportConstant *grown =
            molt__import_grow(import, import->constants, &import->constant_slots,
                              import->constant_count + 1, sizeof *grown);
        if (!grown)
            return false;
        import->constants = grown;
        if (!read_constant(import, &grown[import->constant_count]))
            return false;
        import->constant_count++;
    }
    return import->reader.status == MOLT_OK;
}

static int compare_places(const void *left, const void *right)
{
    const MoltImportConstant *a = left, *b = right;
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    return a->offset < b->offset ? -1 : a->offset > b->offset;
}

/* Of one place the largest number first, which the others begin. */
static int compare(const void *left, const void *right)
{
    const MoltImportConstant *a = left, *b = right;
    int order = compare_places(a, b);
    return order != 0 ? order : (a->value_size < b->value_size) - (a->value_size > b->value_size);
}

void molt__import_sort_constants(MoltImport *import)
{
    uint64_t kept = 0;
    if (import->constant_count == 0)
        return;
    qsort(import->constants, import->constant_count, sizeof *import->constants, compare);
    for (uint64_t i = 0; i < import->constant_count; i++) {
        if (kept == 0 || compare_places(&import->constants[kept - 1], &import->constants[i]) != 0)
            import->constants[kept++] = import->constants[i];
    }
    import->constant_count = kept;
}

void molt__import_tell_constant(const MoltImport *import, MoltJsonText text, MoltCodeTarget *target)
{
    const MoltImportConstant wanted = {.hash = XXH3_64bits(text.bytes, text.length),
                                       .offset = target->offset};
    const MoltImportConstant *found = NULL;
    if (import->constant_count > 0)
        found = bsearch(&wanted, import->constants, import->constant_count, sizeof wanted,
                        compare_places);
    if (!found)
        return;
    target->size = (size_t)found->size;
    target->value = found->value_size > 0 ? found->value : NULL;
    target->value_size = found->value_size;
}

bool molt__import_check_constant(MoltImport *import, MoltJsonText text,
                                 const MoltCodeTarget *target, uintptr_t address)
{
    MoltCodeTarget there;
    const MoltCodeMap *code = import->desc.code;
    if (target->size == 0 || !code->describe ||
        !code->describe(code->context, address - (uintptr_t)target->offset, &there) ||
        there.kind != MOLT_CODE_DATA || !there.bytes)
        return true; /* nobody knows either of them */
    bool same = there.size == target->size &&
                (target->value_size == 0 ||
                 memcmp(there.bytes + target->offset, target->value, target->value_size) == 0);
    return same ||
           molt__json_fail(
               &import->reader, MOLT_INVALID,
               "the constant %.*s is another one in the library, with other numbers or "
               "of another size (%zu bytes, here %zu); if that is meant, take it out of "
               "\"constants\"",
               text.length > 200 ? 200 : (int)text.length, text.bytes, there.size, target->size);
}
