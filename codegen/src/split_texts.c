#include "split_texts.h"

#include <string.h>

#include "literal.h"

static void add(MoltArena *arena, MoltUnit *out, const char *bytes, uint32_t size)
{
    for (uint32_t i = 0; i < out->split_text_count; i++) {
        const MoltUnitText *known = &out->split_texts[i];
        if (known->size == size && memcmp(known->bytes, bytes, size) == 0) {
            return;
        }
    }
    out->split_texts = molt__arena_grow(arena, out->split_texts, out->split_text_count,
                                        &out->split_text_capacity, sizeof *out->split_texts);
    out->split_texts[out->split_text_count++] = (MoltUnitText){bytes, size};
}

/* libclang spells a literal's value, macros and neighbours put together, with a NUL as "\000". */
void molt__split_text_see(MoltArena *arena, MoltUnit *out, CXCursor literal)
{
    CXString spelling = clang_getCursorSpelling(literal);
    const char *text = clang_getCString(spelling);
    MoltValue value;
    if (text != NULL && strstr(text, "\\000") != NULL && molt__literal_string(arena, &text, &value) &&
        *text == '\0' && memchr(value.bytes, 0, value.length) != NULL &&
        value.length < UINT32_MAX) {
        add(arena, out, value.bytes, (uint32_t)value.length + 1);
    }
    clang_disposeString(spelling);
}

/* ---- in the unit's file ----------------------------------------------------------------------- */

static const char digits[] = "0123456789abcdef";

cJSON *molt__split_texts_to_json(MoltArena *arena, const MoltUnit *unit)
{
    cJSON *list = cJSON_CreateArray();
    for (uint32_t i = 0; i < unit->split_text_count; i++) {
        const MoltUnitText *text = &unit->split_texts[i];
        char *hex = molt__arena_alloc(arena, 2 * (size_t)text->size + 1);
        for (uint32_t k = 0; k < text->size; k++) {
            unsigned char byte = (unsigned char)text->bytes[k];
            hex[2 * k] = digits[byte >> 4];
            hex[2 * k + 1] = digits[byte & 15];
        }
        hex[2 * text->size] = '\0';
        cJSON_AddItemToArray(list, cJSON_CreateString(hex));
    }
    return list;
}

bool molt__split_texts_from_json(MoltArena *arena, const cJSON *json, MoltUnit *out)
{
    const cJSON *item = NULL;
    if (!cJSON_IsArray(json)) {
        return false;
    }
    cJSON_ArrayForEach(item, json) {
        const char *hex = cJSON_IsString(item) ? item->valuestring : "";
        size_t length = strlen(hex);
        if (length < 2 || length % 2 != 0 || strspn(hex, digits) != length || length / 2 > UINT32_MAX) {
            return false;
        }
        char *bytes = molt__arena_alloc(arena, length / 2);
        for (size_t k = 0; k < length / 2; k++) {
            size_t high = (size_t)(strchr(digits, hex[2 * k]) - digits);
            size_t low = (size_t)(strchr(digits, hex[2 * k + 1]) - digits);
            bytes[k] = (char)(high << 4 | low);
        }
        add(arena, out, bytes, (uint32_t)(length / 2));
    }
    return true;
}

/* ---- linking ----------------------------------------------------------------------------------- */

void molt__split_texts_link(MoltArena *arena, const MoltUnit *units, uint32_t count, MoltUnit *library)
{
    for (uint32_t u = 0; u < count; u++) {
        for (uint32_t i = 0; i < units[u].split_text_count; i++) {
            add(arena, library, units[u].split_texts[i].bytes, units[u].split_texts[i].size);
        }
    }
}

void molt__split_texts_write(MoltText *text, const MoltUnit *library)
{
    uint32_t column = 0;
    if (library->split_text_count == 0) {
        return;
    }
    molt__text_add(text, "static const unsigned char split_texts[] = {");
    for (uint32_t i = 0; i < library->split_text_count; i++) {
        for (uint32_t k = 0; k < library->split_texts[i].size; k++) {
            molt__text_add(text, "%s%u,", column++ % 16 == 0 ? "\n    " : " ",
                           (unsigned char)library->split_texts[i].bytes[k]);
        }
    }
    molt__text_add(text, "\n};\n\nstatic const uint32_t split_text_sizes[] = {");
    for (uint32_t i = 0; i < library->split_text_count; i++) {
        molt__text_add(text, "%s%u,", i % 12 == 0 ? "\n    " : " ", library->split_texts[i].size);
    }
    molt__text_add(text, "\n};\n\n");
}
