#include "code_target.h"

#include <stdio.h>
#include <string.h>

#include "molt/constants.h"

enum { TEXT_SHOWN = MOLT__LITERAL_SHOWN - 4 };

/* Of the characters that a pointer to `pointee` may point at; 0 for a pointer to anything. */
static uint32_t width_of(const MoltSchema *schema, MoltTypeId pointee)
{
    const MoltType *type = pointee != MOLT_NO_TYPE ? molt_type(schema, pointee) : NULL;
    if (!type || type->kind == MOLT_KIND_VOID)
        return 0;
    bool character = type->kind == MOLT_KIND_INT && (type->size == 2 || type->size == 4);
    return character ? (uint32_t)type->size : 1;
}

/* The constant of `pointee` elements that ends at the address; NULL when there is none, or when one of
 * these begins there. */
static const MoltConstantPlace *ending_at(const MoltCodeMap *code, MoltTypeId pointee,
                                          uintptr_t address)
{
    const MoltConstants *all = code->stays ? NULL : code->constants;
    uint32_t low = 0, high = all ? all->count : 0;
    while (low < high) { /* the first one that begins at the address or behind it */
        uint32_t middle = low + (high - low) / 2;
        if (all->items[middle].begin < address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || all->items[low - 1].end != address ||
        all->items[low - 1].constant->type != pointee)
        return NULL;
    bool begins = low < all->count && all->items[low].begin == address &&
                  all->items[low].constant->type == pointee;
    return begins ? NULL : &all->items[low - 1];
}

bool molt__code_describe(const MoltCodeMap *code, const MoltSchema *schema, MoltTypeId pointee,
                         uintptr_t address, MoltCodeTarget *out)
{
    uint32_t width = width_of(schema, pointee);
    const MoltConstantPlace *ending = ending_at(code, pointee, address);
    MoltCodeTarget wide;
    if (ending && code->describe && code->describe(code->context, ending->begin, out) &&
        out->kind == MOLT_CODE_DATA && out->offset == 0) {
        out->offset = address - ending->begin;
        return true;
    }
    if (!code->describe || !code->describe(code->context, address, out))
        return false;
    bool end = out->kind == MOLT_CODE_DATA && out->offset > 0 && out->offset >= out->size;
    if (width != 1 && (out->kind == MOLT_CODE_LITERAL || (end && width != 0)) && code->wide_text &&
        code->wide_text(code->context, address, width, &wide))
        *out = wide;
    return true;
}

bool molt__code_may_mean(const MoltSchema *schema, MoltTypeId pointee, const MoltCodeTarget *target)
{
    const MoltType *type = molt_type(schema, pointee);
    if (target->kind != MOLT_CODE_LITERAL || type->kind == MOLT_KIND_VOID)
        return true;
    /* narrow text with zeros inside may end like wide text */
    return type->kind == MOLT_KIND_INT &&
           (type->size == 1 || type->size == molt_code_width(target->bytes, target->size));
}

const void *molt__code_value(const MoltType *type, const MoltCodeTarget *target)
{
    bool number = type->kind == MOLT_KIND_INT || type->kind == MOLT_KIND_ENUM ||
                  type->kind == MOLT_KIND_BOOL || type->kind == MOLT_KIND_FLOAT;
    bool inside = target->offset <= target->size && type->size <= target->size - target->offset;
    if (target->kind != MOLT_CODE_DATA || !number || !inside || type->size < 2 ||
        type->size > MOLT__CODE_VALUE_MAX)
        return NULL;
    if (target->bytes)
        return target->bytes + target->offset;
    return target->value_size >= type->size ? target->value : NULL;
}

static bool ends_in_zeros(const char *bytes, size_t size, size_t count)
{
    static const char zeros[4];
    return size >= count && size % count == 0 && memcmp(bytes + size - count, zeros, count) == 0;
}

/* Narrow text has one zero, its last byte, and wide text one character of zeros, its last one. */
uint32_t molt_code_width(const char *bytes, size_t size)
{
    return ends_in_zeros(bytes, size, 4) ? 4 : ends_in_zeros(bytes, size, 2) ? 2 : 1;
}

bool molt__code_is_literal(const MoltCodeTarget *target)
{
    if (target->size == 0)
        return false;
    uint64_t width = molt_code_width(target->bytes, target->size), zeros = 0;
    for (uint64_t at = 0; at < target->size && width > 1; at += width)
        zeros += molt_code_width(target->bytes + at, width) == width;
    return width > 1 ? zeros == 1
                     : memchr(target->bytes, 0, target->size) == target->bytes + target->size - 1;
}

bool molt__code_ends_literal(const MoltCodeTarget *target)
{
    return target->size > 0 && target->bytes[target->size - 1] == 0;
}

void molt__code_text(const MoltCodeTarget *literal, char *text, size_t room)
{
    uint32_t width = molt_code_width(literal->bytes, literal->size);
    if (width == 1) {
        snprintf(text, room, "%.*s", TEXT_SHOWN, literal->bytes);
        return;
    }
    size_t length = 0, count = literal->size / width - 1;
    for (size_t i = 0; i < count && i < TEXT_SHOWN && length + 1 < room; i++) {
        const unsigned char *at = (const unsigned char *)literal->bytes + i * width;
        bool ascii =
            at[0] >= ' ' && at[0] < 127 && at[1] == 0 && (width == 2 || (at[2] == 0 && at[3] == 0));
        text[length++] = ascii ? (char)at[0] : '?';
    }
    text[length] = '\0';
}
