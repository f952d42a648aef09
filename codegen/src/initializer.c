#include "initializer.h"

#include <ctype.h>
#include <float.h>
#include <math.h>
#include <string.h>

/* One MOLT_DEFAULT. Its bytes are laid out while it is parsed and filled once all values are
 * known. */
typedef struct Default {
    const char *owner; /* name of the record */
    const MoltModelField *field;
    MoltModelNote *note;
    unsigned char *bytes;
    bool refused;
} Default;

/* One scalar of a default. */
typedef struct Leaf {
    Default *of;
    const MoltModelType *type;
    uint64_t bit_offset; /* from the start of the default's bytes */
    uint32_t bit_width;  /* 0: all of the type */
    const char *text;
    MoltValue value;
    const char *problem;
} Leaf;

typedef struct Resolver {
    MoltTranslationUnit *unit;
    MoltModel *model;
    MoltArena *arena;
    Leaf *leaves;
    uint32_t leaf_count, leaf_capacity;
} Resolver;

/* A part of the field that an initialiser fills. */
typedef struct Target {
    const MoltModelType *type;
    uint64_t bit_offset;
    uint32_t bit_width;
} Target;

static bool refuse(Resolver *resolver, Default *of, const char *remedy, const char *what)
{
    of->refused = true;
    molt__refuse(resolver->unit->diagnostics, of->field->place, remedy,
                 "MOLT_DEFAULT(%s) of '%s.%s': %s", of->note->text, of->owner, of->field->name,
                 what);
    return false;
}

/* ---- text ------------------------------------------------------------------------------------ */

static void skip_space(const char **at)
{
    while (isspace((unsigned char)**at)) {
        (*at)++;
    }
}

static const char *skip_quoted(const char *at)
{
    char quote = *at++;
    while (*at != '\0' && *at != quote) {
        at += at[0] == '\\' && at[1] != '\0' ? 2 : 1;
    }
    return *at == '\0' ? at : at + 1;
}

/* The expression up to a ',' or '}' outside all brackets, without space at its ends. */
static const char *take_expression(Resolver *resolver, const char **at)
{
    skip_space(at);
    const char *start = *at, *end = *at;
    int depth = 0;
    while (*end != '\0' && (depth > 0 || (*end != ',' && *end != '}'))) {
        if (*end == '"' || *end == '\'') {
            end = skip_quoted(end);
            continue;
        }
        depth += *end == '(' || *end == '[' || *end == '{';
        depth -= *end == ')' || *end == ']' || *end == '}';
        end++;
    }
    *at = end;
    while (end > start && isspace((unsigned char)end[-1])) {
        end--;
    }
    return molt__arena_copy(resolver->arena, start, (size_t)(end - start));
}

static const char *take_name(Resolver *resolver, const char **at)
{
    skip_space(at);
    const char *start = *at;
    while (isalnum((unsigned char)**at) || **at == '_') {
        (*at)++;
    }
    return molt__arena_copy(resolver->arena, start, (size_t)(*at - start));
}

/* ---- scalars --------------------------------------------------------------------------------- */

static bool find_enumerator(const MoltModelType *type, const char *name, MoltValue *out)
{
    for (uint32_t i = 0; i < type->enumerator_count; i++) {
        if (strcmp(type->enumerators[i].name, name) == 0) {
            uint64_t value = type->enumerators[i].value;
            bool negative = (type->flags & MOLT_TYPE_SIGNED) != 0 && (int64_t)value < 0;
            *out = (MoltValue){.kind = MOLT_VALUE_INT, .bits = value, .negative = negative};
            return true;
        }
    }
    return false;
}

static void add_leaf(Resolver *resolver, Default *of, Target target, const char *text)
{
    Leaf leaf = {.of = of,
                 .type = target.type,
                 .bit_offset = target.bit_offset,
                 .bit_width = target.bit_width,
                 .text = text};
    if (!molt__literal_read(resolver->arena, text, &leaf.value)) {
        find_enumerator(target.type, text, &leaf.value);
    }
    resolver->leaves = molt__arena_grow(resolver->arena, resolver->leaves, resolver->leaf_count,
                                        &resolver->leaf_capacity, sizeof *resolver->leaves);
    resolver->leaves[resolver->leaf_count++] = leaf;
}

/* ---- braces ---------------------------------------------------------------------------------- */

static bool parse_value(Resolver *resolver, Default *of, Target target, const char **at);

/* An _Atomic value is initialised like what it holds, which has its size. */
static const MoltModelType *value_type(const MoltModelType *type)
{
    return type->kind == MOLT_KIND_ATOMIC ? type->elem : type;
}

static bool is_sequence(const MoltModelType *type)
{
    return molt_kind_is_sequence((uint16_t)type->kind);
}

static Target element_target(Target array, uint64_t index)
{
    return (Target){.type = value_type(array.type->elem),
                    .bit_offset = array.bit_offset + index * array.type->elem->size * 8};
}

static Target field_target(Target record, const MoltModelField *field)
{
    return (Target){.type = value_type(field->type),
                    .bit_offset = record.bit_offset + field->bit_offset,
                    .bit_width = field->bit_width};
}

/* Looks through the groups that stand for anonymous members; *index gets the place in `record`. */
static bool find_field(Target record, const char *name, uint32_t *index, Target *out)
{
    for (uint32_t i = 0; i < record.type->field_count; i++) {
        const MoltModelField *field = &record.type->fields[i];
        Target target = field_target(record, field);
        uint32_t inner = 0;
        if (strcmp(field->name, name) == 0) {
            *out = target;
        } else if (field->name[0] != '<' || !find_field(target, name, &inner, out)) {
            continue;
        }
        *index = i;
        return true;
    }
    return false;
}

static bool designate_element(Resolver *resolver, Default *of, Target *target, const char **at,
                              uint64_t *position)
{
    const char *end = strchr(*at, ']');
    if (!is_sequence(target->type) || end == NULL) {
        return refuse(resolver, of, "designate elements of arrays", "misplaced '['");
    }
    const char *start = *at + 1;
    skip_space(&start);
    size_t length = (size_t)(end - start);
    while (length > 0 && isspace((unsigned char)start[length - 1])) {
        length--;
    }
    const char *text = molt__arena_copy(resolver->arena, start, length);
    MoltValue index = {0};
    bool known = molt__literal_read(resolver->arena, text, &index);
    for (uint32_t i = 0; i < resolver->model->type_count && !known; i++) {
        known = find_enumerator(resolver->model->types[i], text, &index);
    }
    if (!known || index.kind != MOLT_VALUE_INT || index.negative ||
        index.bits >= target->type->length) {
        return refuse(resolver, of, "write an index of the array, as a number or enumerator",
                      "an index outside the array");
    }
    *position = index.bits;
    *target = element_target(*target, index.bits);
    *at = end + 1;
    return true;
}

static bool designate_field(Resolver *resolver, Default *of, Target *target, const char **at,
                            uint64_t *position)
{
    (*at)++;
    const char *name = take_name(resolver, at);
    uint32_t index = 0;
    bool is_record =
        target->type->kind == MOLT_KIND_STRUCT || target->type->kind == MOLT_KIND_UNION;
    if (!is_record || !find_field(*target, name, &index, target)) {
        return refuse(resolver, of, "name a field of that struct",
                      molt__arena_format(resolver->arena, "%s has no field '%s'",
                                         target->type->name, name));
    }
    *position = index;
    return true;
}

/* ".a[2].b =": moves *target there; *position gets the place of the outermost part. */
static bool parse_designators(Resolver *resolver, Default *of, Target *target, const char **at,
                              uint64_t *position)
{
    bool outermost = true;
    for (;;) {
        uint64_t place = 0;
        skip_space(at);
        bool good = true;
        if (**at == '.') {
            good = designate_field(resolver, of, target, at, &place);
        } else if (**at == '[') {
            good = designate_element(resolver, of, target, at, &place);
        } else {
            break;
        }
        if (!good) {
            return false;
        }
        *position = outermost ? place : *position;
        outermost = false;
    }
    if (**at != '=') {
        return refuse(resolver, of, "write .field = value", "'=' expected after a designator");
    }
    (*at)++;
    return true;
}

static uint64_t part_count(const MoltModelType *type)
{
    switch (type->kind) {
    case MOLT_KIND_ARRAY:
    case MOLT_KIND_COMPLEX:
    case MOLT_KIND_VECTOR:
        return type->length;
    case MOLT_KIND_STRUCT:
        return type->field_count;
    default:
        return 1; /* a union's first member; a scalar in braces */
    }
}

static Target part_target(Target whole, uint64_t position)
{
    if (is_sequence(whole.type)) {
        return element_target(whole, position);
    }
    if (whole.type->kind == MOLT_KIND_STRUCT || whole.type->kind == MOLT_KIND_UNION) {
        return field_target(whole, &whole.type->fields[position]);
    }
    return whole;
}

/* From after '{' to after '}'. Recurses as deep as the initialiser's braces. */
static bool parse_list(Resolver *resolver, Default *of, Target target, const char **at)
{
    uint64_t position = 0;
    for (;;) {
        skip_space(at);
        if (**at == '}') {
            (*at)++;
            return true;
        }
        Target part = target;
        /* ".5" is a number, ".x" a field. */
        if (**at == '[' || (**at == '.' && !isdigit((unsigned char)(*at)[1]))) {
            if (!parse_designators(resolver, of, &part, at, &position)) {
                return false;
            }
        } else if (position >= part_count(target.type)) {
            return refuse(resolver, of, "remove what is too much",
                          molt__arena_format(resolver->arena, "more values than %s holds",
                                             target.type->name));
        } else {
            part = part_target(target, position);
        }
        if (!parse_value(resolver, of, part, at)) {
            return false;
        }
        position++;
        skip_space(at);
        if (**at == ',') {
            (*at)++;
        } else if (**at != '}') {
            return refuse(resolver, of, "close it with '}'", "a list without end");
        }
    }
}

static bool copy_text(Resolver *resolver, Default *of, Target target, const MoltValue *value)
{
    if (target.type->elem->kind != MOLT_KIND_INT || target.type->elem->size != 1) {
        return refuse(resolver, of, "write a braced list", "a string does not initialise that");
    }
    if (value->length >= target.type->length) {
        return refuse(resolver, of, "shorten the string or make the array longer",
                      molt__arena_format(resolver->arena,
                                         "the string needs %zu bytes with its NUL and does not "
                                         "fit %s",
                                         value->length + 1, target.type->name));
    }
    memcpy(of->bytes + target.bit_offset / 8, value->bytes, value->length);
    return true;
}

static bool parse_value(Resolver *resolver, Default *of, Target target, const char **at)
{
    skip_space(at);
    if (**at == '{') {
        (*at)++;
        return parse_list(resolver, of, target, at);
    }
    const char *text = take_expression(resolver, at);
    if (*text == '\0') {
        return refuse(resolver, of, "write a constant", "a value is missing");
    }
    if (target.type->kind == MOLT_KIND_ARRAY) {
        MoltValue value = {0};
        if (molt__literal_read(resolver->arena, text, &value) &&
            value.kind == MOLT_VALUE_STRING) {
            return copy_text(resolver, of, target, &value);
        }
    }
    if (target.type->kind == MOLT_KIND_COMPLEX) {
        target = element_target(target, 0); /* a real constant is the real part */
    }
    if (is_sequence(target.type) || target.type->kind == MOLT_KIND_STRUCT ||
        target.type->kind == MOLT_KIND_UNION) {
        return refuse(resolver, of, "put braces around the values: {1, 2}",
                      molt__arena_format(resolver->arena, "%s needs a braced list",
                                         target.type->name));
    }
    add_leaf(resolver, of, target, text);
    return true;
}

static void parse_default(Resolver *resolver, Default *of)
{
    const MoltModelField *field = of->field;
    const char *at = of->note->text;
    bool bits = (field->flags & MOLT_FIELD_BITS) != 0;
    uint32_t size = bits ? 8 : (uint32_t)field->type->size;
    if (field->type->size > UINT32_MAX / 2) {
        refuse(resolver, of, "set it in code", "the field is too large for a default");
        return;
    }
    of->bytes = molt__arena_alloc(resolver->arena, size);
    of->note->bytes = of->bytes;
    of->note->size = size;
    Target target = {.type = value_type(field->type), .bit_width = field->bit_width};
    if (!parse_value(resolver, of, target, &at)) {
        return;
    }
    skip_space(&at);
    if (*at != '\0') {
        refuse(resolver, of, "write one value, or a list in braces", "more than one value");
    }
}

/* ---- storing --------------------------------------------------------------------------------- */

static bool refuse_fit(Resolver *resolver, Leaf *leaf)
{
    const char *width =
        leaf->bit_width == 0
            ? ""
            : molt__arena_format(resolver->arena, " : %u", leaf->bit_width);
    return refuse(resolver, leaf->of, "choose a constant that fits, or widen the field",
                  molt__arena_format(resolver->arena, "'%s' does not fit %s%s", leaf->text,
                                     leaf->type->name, width));
}

/* Whole numbers written as 1.0 are integers too. */
static bool to_integer(MoltValue *value)
{
    if (value->kind == MOLT_VALUE_NULL) {
        *value = (MoltValue){.kind = MOLT_VALUE_INT};
    }
    if (value->kind != MOLT_VALUE_FLOAT) {
        return value->kind == MOLT_VALUE_INT;
    }
    long double real = value->real;
    if (!(real >= -0x1p63L && real < 0x1p64L) || truncl(real) != real) {
        return false;
    }
    value->kind = MOLT_VALUE_INT;
    value->negative = real < 0;
    value->bits = real < 0 ? (uint64_t)(int64_t)real : (uint64_t)real;
    return true;
}

static bool fits_integer(const MoltValue *value, uint32_t bits, bool is_signed)
{
    if (value->negative) {
        return is_signed && (bits >= 64 || (int64_t)value->bits >= INT64_MIN >> (64 - bits));
    }
    uint32_t room = is_signed ? bits - 1 : bits;
    return room >= 64 || value->bits >> room == 0;
}

/* Values have 64 bits; wider fields are filled with the sign. */
static void store_bits(unsigned char *bytes, uint64_t offset, uint32_t width,
                       const MoltValue *value)
{
    for (uint32_t i = 0; i < width; i++) {
        unsigned char mask = (unsigned char)(1u << ((offset + i) % 8));
        if (i < 64 ? value->bits >> i & 1 : value->negative) {
            bytes[(offset + i) / 8] |= mask;
        } else {
            bytes[(offset + i) / 8] &= (unsigned char)~mask;
        }
    }
}

/* One of the names, or for a set of flags some of their bits. */
static bool names_value(const MoltModelType *type, const MoltValue *value)
{
    uint64_t all = 0;
    bool found = false;
    for (uint32_t i = 0; i < type->enumerator_count; i++) {
        all |= type->enumerators[i].value;
        found = found || type->enumerators[i].value == value->bits;
    }
    return found || ((type->flags & MOLT_TYPE_FLAGS) != 0 && (value->bits & ~all) == 0);
}

static bool refuse_nameless(Resolver *resolver, Leaf *leaf)
{
    bool flags = (leaf->type->flags & MOLT_TYPE_FLAGS) != 0;
    return refuse(resolver, leaf->of,
                  flags ? "write enumerators, joined by |" : "write one of the enumerators",
                  molt__arena_format(resolver->arena, flags ? "'%s' has bits that no enumerator of %s "
                                                              "names"
                                                            : "'%s' is no enumerator of %s",
                                     leaf->text, leaf->type->name));
}

static bool store_integer(Resolver *resolver, Leaf *leaf)
{
    bool is_bool = leaf->type->kind == MOLT_KIND_BOOL;
    bool is_signed = (leaf->type->flags & MOLT_TYPE_SIGNED) != 0;
    uint32_t bits = is_bool               ? 1
                    : leaf->bit_width > 0 ? leaf->bit_width
                                          : (uint32_t)leaf->type->size * 8;
    if (!to_integer(&leaf->value) || !fits_integer(&leaf->value, bits, is_signed)) {
        return refuse_fit(resolver, leaf);
    }
    if (leaf->type->kind == MOLT_KIND_ENUM && !names_value(leaf->type, &leaf->value)) {
        return refuse_nameless(resolver, leaf);
    }
    /* A bit-field's own default is an integer of 8 bytes; inside a struct it is its bits. */
    bool whole = (leaf->of->field->flags & MOLT_FIELD_BITS) != 0;
    uint32_t stored = whole                 ? 64
                      : leaf->bit_width > 0 ? leaf->bit_width
                                            : (uint32_t)leaf->type->size * 8;
    store_bits(leaf->of->bytes, leaf->bit_offset, stored, &leaf->value);
    return true;
}

static bool store_real(Resolver *resolver, Leaf *leaf)
{
    const MoltValue *value = &leaf->value;
    long double real = value->real;
    if (value->kind == MOLT_VALUE_INT) {
        real = value->negative ? (long double)(int64_t)value->bits : (long double)value->bits;
    } else if (value->kind != MOLT_VALUE_FLOAT) {
        return refuse_fit(resolver, leaf);
    }
    unsigned char *at = leaf->of->bytes + leaf->bit_offset / 8;
    bool overflows = false;
    if (leaf->type->size == sizeof(float)) {
        float stored = (float)real;
        overflows = isinf(stored) && !isinf(real);
        memcpy(at, &stored, sizeof stored);
    } else if (leaf->type->size == sizeof(double)) {
        double stored = (double)real;
        overflows = isinf(stored) && !isinf(real);
        memcpy(at, &stored, sizeof stored);
    } else {
        /* The bytes behind an 80-bit number are padding: they stay zero. */
        memcpy(at, &real, LDBL_MANT_DIG == 64 ? 10 : sizeof real);
    }
    return overflows ? refuse_fit(resolver, leaf) : true;
}

static bool is_null(const MoltValue *value)
{
    return value->kind == MOLT_VALUE_NULL || (value->kind == MOLT_VALUE_INT && value->bits == 0);
}

static bool store_pointer(Resolver *resolver, Leaf *leaf)
{
    MoltModelNote *note = leaf->of->note;
    bool whole = value_type(leaf->of->field->type) == leaf->type;
    bool is_text = (leaf->type->elem->flags & MOLT_TYPE_CHAR) != 0;
    if (is_null(&leaf->value)) {
        if (whole) {
            note->bytes = NULL;
            note->size = 0;
        }
        return true;
    }
    if (leaf->value.kind != MOLT_VALUE_STRING || !is_text) {
        return refuse(resolver, leaf->of, "leave the pointer NULL and set it in code",
                      "a pointer's default is NULL or, for char *, a string");
    }
    if (!whole) {
        return refuse(resolver, leaf->of,
                      "give the char * field itself a MOLT_DEFAULT, inside its struct",
                      "a string inside a braced default is not supported yet");
    }
    note->bytes = (const unsigned char *)leaf->value.bytes;
    note->size = (uint32_t)leaf->value.length + 1;
    return true;
}

static bool store_leaf(Resolver *resolver, Leaf *leaf)
{
    if (leaf->value.kind == MOLT_VALUE_NONE) {
        return refuse(resolver, leaf->of,
                      "write a constant: numbers, enumerators, sizeof, strings, braced lists",
                      molt__arena_format(resolver->arena, "'%s': %s", leaf->text, leaf->problem));
    }
    switch (leaf->type->kind) {
    case MOLT_KIND_FLOAT:
        return store_real(resolver, leaf);
    case MOLT_KIND_POINTER:
        return store_pointer(resolver, leaf);
    case MOLT_KIND_INT:
    case MOLT_KIND_BOOL:
    case MOLT_KIND_ENUM:
        return store_integer(resolver, leaf);
    default:
        return refuse_fit(resolver, leaf);
    }
}

/* ---- all defaults of a unit ------------------------------------------------------------------ */

static void evaluate_leaves(Resolver *resolver)
{
    uint32_t count = 0;
    uint32_t *indices =
        molt__arena_alloc(resolver->arena, resolver->leaf_count * sizeof *indices);
    const char **texts = molt__arena_alloc(resolver->arena, resolver->leaf_count * sizeof *texts);
    for (uint32_t i = 0; i < resolver->leaf_count; i++) {
        if (resolver->leaves[i].value.kind == MOLT_VALUE_NONE) {
            indices[count] = i;
            texts[count++] = resolver->leaves[i].text;
        }
    }
    if (count == 0) {
        return;
    }
    MoltValue *values = molt__arena_alloc(resolver->arena, count * sizeof *values);
    const char **problems = molt__arena_alloc(resolver->arena, count * sizeof *problems);
    molt__translation_unit_evaluate(resolver->unit, texts, count, values, problems);
    for (uint32_t i = 0; i < count; i++) {
        resolver->leaves[indices[i]].value = values[i];
        resolver->leaves[indices[i]].problem = problems[i];
    }
}

static void parse_field(Resolver *resolver, const MoltModelType *record,
                        const MoltModelField *field)
{
    MoltModelNote *note = molt__model_note(&field->notes, MOLT_NOTE_DEFAULT);
    if (note == NULL) {
        return;
    }
    Default *of = molt__arena_alloc(resolver->arena, sizeof *of);
    *of = (Default){.owner = record->name, .field = field, .note = note};
    parse_default(resolver, of);
}

/* A default without bytes is a NULL pointer, which a field without a source gets anyway. */
static void drop_empty(MoltModelNotes *notes)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < notes->count; i++) {
        if (notes->items[i].kind != MOLT_NOTE_DEFAULT || notes->items[i].size > 0) {
            notes->items[kept++] = notes->items[i];
        }
    }
    notes->count = kept;
}

void molt__defaults_resolve(MoltTranslationUnit *unit, MoltModel *model)
{
    Resolver resolver = {.unit = unit, .model = model, .arena = model->arena};
    for (uint32_t i = 0; i < model->type_count; i++) {
        for (uint32_t k = 0; k < model->types[i]->field_count; k++) {
            parse_field(&resolver, model->types[i], &model->types[i]->fields[k]);
        }
    }
    evaluate_leaves(&resolver);
    for (uint32_t i = 0; i < resolver.leaf_count; i++) {
        if (!resolver.leaves[i].of->refused) {
            store_leaf(&resolver, &resolver.leaves[i]);
        }
    }
    for (uint32_t i = 0; i < model->type_count; i++) {
        for (uint32_t k = 0; k < model->types[i]->field_count; k++) {
            drop_empty(&model->types[i]->fields[k].notes);
        }
    }
}
