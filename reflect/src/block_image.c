#include "block_image.h"

#include <string.h>

#include "tagged_union.h"

/* Fields that are unrolled at most for one type; arrays count once. */
#define VISITS_MAX (1u << 20)
/* Enumerators of a tag at most: each is compared with each. */
#define TAG_VALUES_MAX 4096u

typedef struct Compiler {
    MoltImages *images;
    MoltImage *image;
    uint32_t visits;
    uint32_t floor; /* only operations from here on may grow by an adjacent copy */
    MoltTypeId owner;
    uint32_t field;
    bool failed;
} Compiler;

static void emit_value(Compiler *c, MoltTypeId id, uint64_t at, bool external);

/* ---- life ----------------------------------------------------------------------------------- */

static void *resize(const MoltAllocator *allocator, void *block, size_t old_size, size_t size)
{
    return allocator->resize(allocator->context, block, old_size, size);
}

bool molt__images_make(MoltImages *images, const MoltSchema *schema, bool pointers_only,
                       const MoltAllocator *allocator)
{
    size_t count = schema->tables.type_count + (size_t)1;
    *images =
        (MoltImages){.allocator = *allocator, .schema = schema, .pointers_only = pointers_only};
    images->items = resize(allocator, NULL, 0, count * sizeof *images->items);
    images->holds = resize(allocator, NULL, 0, count);
    if (images->items)
        memset(images->items, 0, count * sizeof *images->items);
    if (images->holds)
        memset(images->holds, 0, count);
    return images->items && images->holds;
}

void molt__images_free(MoltImages *images)
{
    if (!images->schema)
        return;
    const MoltAllocator *allocator = &images->allocator;
    size_t count = images->schema->tables.type_count + (size_t)1;
    for (size_t i = 0; images->items && i < count; i++)
        if (images->items[i].ops)
            resize(allocator, images->items[i].ops, images->items[i].slots * sizeof(MoltImageOp),
                   0);
    if (images->items)
        resize(allocator, images->items, count * sizeof *images->items, 0);
    if (images->holds)
        resize(allocator, images->holds, count, 0);
    *images = (MoltImages){0};
}

/* ---- operations ----------------------------------------------------------------------------- */

static MoltImageOp *push(Compiler *c, MoltImageOp op)
{
    MoltImage *image = c->image;
    if (image->count == image->slots && !c->failed) {
        uint32_t slots = image->slots ? image->slots * 2 : 8;
        MoltImageOp *ops = resize(&c->images->allocator, image->ops, image->slots * sizeof *ops,
                                  slots * sizeof *ops);
        if (ops) {
            image->ops = ops;
            image->slots = slots;
        }
        c->failed = !ops;
    }
    if (c->failed)
        return NULL;
    op.owner = c->owner;
    op.field = c->field;
    image->ops[image->count] = op;
    return &image->ops[image->count++];
}

static void push_copy(Compiler *c, uint64_t at, uint64_t size)
{
    MoltImage *image = c->image;
    if (c->images->pointers_only || size == 0)
        return;
    MoltImageOp *last = image->count > c->floor ? &image->ops[image->count - 1] : NULL;
    if (last && last->code == MOLT__IMAGE_COPY && last->at + last->size == at)
        last->size += size;
    else
        push(c, (MoltImageOp){.code = MOLT__IMAGE_COPY, .at = at, .size = size});
}

static void push_bits(Compiler *c, MoltImageCode code, uint64_t at, uint8_t bits)
{
    if (c->images->pointers_only || bits == 0)
        return;
    if (code == MOLT__IMAGE_BITS && bits == 0xff)
        push_copy(c, at, 1);
    else
        push(c, (MoltImageOp){.code = (uint8_t)code, .at = at, .bits = bits});
}

static void push_pointer(Compiler *c, MoltImageOp op)
{
    c->image->pointers = true;
    push(c, op);
}

/* ---- loops ---------------------------------------------------------------------------------- */

typedef struct Loop {
    uint32_t op, floor;
} Loop;

static Loop open_loop(Compiler *c, uint64_t at, uint64_t stride, uint64_t count)
{
    Loop loop = {c->image->count, c->floor};
    push(c, (MoltImageOp){.code = MOLT__IMAGE_LOOP, .at = at, .stride = stride, .count = count});
    c->floor = c->image->count;
    return loop;
}

/* A loop over values without padding is one copy, a loop over nothing is nothing. */
static void close_loop(Compiler *c, Loop loop)
{
    MoltImage *image = c->image;
    c->floor = loop.floor;
    if (c->failed)
        return;
    MoltImageOp *op = &image->ops[loop.op];
    const MoltImageOp *first = op + 1;
    op->body = image->count - loop.op - 1;
    if (op->body == 0) {
        image->count = loop.op;
    } else if (op->body == 1 && first->code == MOLT__IMAGE_COPY && first->at == 0 &&
               first->size == op->stride) {
        uint64_t at = op->at, size = op->stride * op->count;
        image->count = loop.op;
        push_copy(c, at, size);
    } else {
        c->floor = image->count;
    }
}

/* ---- defaults ------------------------------------------------------------------------------- */

static bool is_zero(const unsigned char *bytes, uint64_t size)
{
    for (uint64_t i = 0; i < size; i++)
        if (bytes[i])
            return false;
    return true;
}

static bool spend(Compiler *c)
{
    c->failed = c->failed || ++c->visits > VISITS_MAX;
    return !c->failed;
}

static void emit_bit_constant(Compiler *c, const MoltField *field, uint64_t at, uint64_t value)
{
    for (uint32_t bit = 0; bit < field->bit_width; bit++) {
        uint64_t place = field->bit_offset + bit;
        if (value >> bit & 1)
            push_bits(c, MOLT__IMAGE_SET, at + place / 8, (uint8_t)(1u << place % 8));
    }
}

static void emit_default(Compiler *c, MoltTypeId id, uint64_t at);

/* Written as zero like everything else that no operation names; only a reader has to look. */
static void push_absent(Compiler *c, uint64_t at, uint64_t size)
{
    if (c->images->pointers_only)
        push_pointer(
            c, (MoltImageOp){
                   .code = MOLT__IMAGE_ABSENT, .at = at, .size = size, .pointee = MOLT_NO_TYPE});
}

static void emit_field_default(Compiler *c, const MoltField *field, uint64_t at)
{
    const MoltSchema *schema = c->images->schema;
    const MoltNote *note =
        molt_schema_note(schema, field->note_first, field->note_count, MOLT_NOTE_DEFAULT);
    const unsigned char *bytes = note ? schema->tables.constants + note->constant : NULL;
    const MoltType *type = molt_type(schema, molt_value_type(schema, field->type));
    uint64_t start = at + field->bit_offset / 8;
    if (!note) {
        if (!(field->flags & MOLT_FIELD_BITS))
            emit_default(c, field->type, start);
    } else if (field->flags & MOLT_FIELD_BITS) {
        uint64_t value;
        memcpy(&value, bytes, sizeof value);
        emit_bit_constant(c, field, at, value);
    } else if (type->kind == MOLT_KIND_POINTER) {
        if (is_zero(bytes, note->constant_size))
            push_absent(c, start, type->size);
        else
            push_pointer(c, (MoltImageOp){.code = MOLT__IMAGE_STRING,
                                          .at = start,
                                          .size = note->constant_size,
                                          .constant = note->constant,
                                          .pointee = type->elem});
    } else if (!c->images->pointers_only) {
        push(c, (MoltImageOp){.code = MOLT__IMAGE_CONSTANT,
                              .at = start,
                              .size = note->constant_size,
                              .constant = note->constant});
    }
}

/* The rest of the element is zero already, so only annotations count. */
static void emit_default(Compiler *c, MoltTypeId id, uint64_t at)
{
    const MoltSchema *schema = c->images->schema;
    const MoltType *type = molt_type(schema, id);
    if (type->size == 0 || !spend(c))
        return;
    if (molt_kind_is_sequence(type->kind)) {
        Loop loop = open_loop(c, at, molt_type(schema, type->elem)->size, type->length);
        emit_default(c, type->elem, 0);
        close_loop(c, loop);
    } else if (type->kind == MOLT_KIND_STRUCT) {
        for (uint32_t f = type->first; f < type->first + type->count; f++)
            emit_field_default(c, &schema->tables.fields[f], at);
    } else if (molt__image_holds_pointers(c->images, id)) {
        push_absent(c, at, type->size);
    }
}

/* ---- values --------------------------------------------------------------------------------- */

static void emit_bit_field(Compiler *c, const MoltField *field, uint64_t at)
{
    uint64_t bit = field->bit_offset, end = field->bit_offset + field->bit_width;
    while (bit < end) {
        uint64_t next = (bit / 8 + 1) * 8 < end ? (bit / 8 + 1) * 8 : end;
        uint32_t mask = ((1u << (next - bit)) - 1) << bit % 8;
        push_bits(c, MOLT__IMAGE_BITS, at + bit / 8, (uint8_t)mask);
        bit = next;
    }
}

/* A member of the struct, or an arm of the union, that begins at `at`. */
static void emit_member(Compiler *c, const MoltField *field, uint64_t at, bool external)
{
    if (field->flags & MOLT_FIELD_TRANSIENT)
        emit_field_default(c, field, at);
    else if (field->flags & MOLT_FIELD_BITS)
        emit_bit_field(c, field, at);
    else
        emit_value(c, field->type, at + field->bit_offset / 8,
                   external || (field->flags & MOLT_FIELD_EXTERNAL) != 0);
}

/* A union whose active arm is known: it lies with its tag in the same struct, and files keep both. */
static bool is_tagged(const MoltSchema *schema, MoltTypeId owner, const MoltField *field,
                      MoltUnionTag *tag)
{
    return (field->flags & (MOLT_FIELD_TRANSIENT | MOLT_FIELD_EXTERNAL)) == 0 &&
           molt__union_tag(schema, molt_type(schema, owner), field, tag) &&
           (schema->tables.fields[tag->field].flags & MOLT_FIELD_TRANSIENT) == 0;
}

static bool is_first_of_value(const MoltSchema *schema, const MoltType *tag, uint32_t enumerator)
{
    const MoltEnumerator *items = schema->tables.enumerators;
    for (uint32_t e = tag->first; e < enumerator; e++)
        if (items[e].value == items[enumerator].value)
            return false;
    return true;
}

static void emit_arm(Compiler *c, const MoltField *field, uint32_t arm, uint64_t value, uint64_t at,
                     bool external)
{
    const MoltSchema *schema = c->images->schema;
    uint32_t op = c->image->count;
    push(c, (MoltImageOp){.code = MOLT__IMAGE_ARM, .count = value});
    c->floor = c->image->count;
    MoltTypeId owner = c->owner;
    uint32_t outer = c->field;
    if (arm != MOLT__NO_ARM) {
        c->owner = field->type;
        c->field = arm;
        emit_member(c, &schema->tables.fields[arm], at, external);
    } else {
        emit_value(c, field->type, at, external);
    }
    c->owner = owner;
    c->field = outer;
    if (!c->failed)
        c->image->ops[op].body = c->image->count - op - 1;
    c->floor = c->image->count;
}

/* Only the arm that the tag selects; all bytes where it selects none. */
static void emit_union(Compiler *c, const MoltField *field, const MoltUnionTag *tag, uint64_t at,
                       bool external)
{
    const MoltSchema *schema = c->images->schema;
    const MoltType *type = molt_type(schema, field->type),
                   *enumeration = molt_type(schema, tag->type);
    uint32_t op = c->image->count, end = enumeration->first + enumeration->count;
    uint64_t start = at + field->bit_offset / 8;
    if (c->images->pointers_only && !molt__image_holds_pointers(c->images, field->type))
        return;
    c->failed = c->failed || enumeration->count > TAG_VALUES_MAX;
    push(c, (MoltImageOp){.code = MOLT__IMAGE_UNION, .at = at + tag->offset, .tag = tag->form});
    for (uint32_t e = enumeration->first; e < end && spend(c); e++) {
        uint64_t value = schema->tables.enumerators[e].value;
        uint32_t arm = molt__union_arm_of_value(schema, type, enumeration, value);
        if (arm != MOLT__NO_ARM && is_first_of_value(schema, enumeration, e))
            emit_arm(c, field, arm, value, start, external);
    }
    emit_arm(c, field, MOLT__NO_ARM, 0, start, external);
    if (!c->failed)
        c->image->ops[op].body = c->image->count - op - 1;
}

static void emit_fields(Compiler *c, MoltTypeId id, uint64_t at, bool external)
{
    const MoltSchema *schema = c->images->schema;
    const MoltType *type = molt_type(schema, id);
    MoltTypeId owner = c->owner;
    uint32_t outer = c->field;
    for (uint32_t f = type->first; f < type->first + type->count && !c->failed; f++) {
        const MoltField *field = &schema->tables.fields[f];
        MoltUnionTag tag;
        c->owner = id;
        c->field = f;
        if (is_tagged(schema, id, field, &tag))
            emit_union(c, field, &tag, at, external);
        else
            emit_member(c, field, at, external);
    }
    c->owner = owner;
    c->field = outer;
}

/* Bytes of a number that are its value: an x87 long double takes ten, whatever its size. */
static uint64_t value_bytes(const MoltType *type)
{
    bool x87 = type->kind == MOLT_KIND_FLOAT && type->size >= 10 &&
               (type->flags & MOLT_TYPE_BINARY_FLOAT) == 0;
    return x87 ? 10 : type->size;
}

static void emit_value(Compiler *c, MoltTypeId id, uint64_t at, bool external)
{
    const MoltSchema *schema = c->images->schema;
    const MoltType *type = molt_type(schema, id);
    if (type->size == 0 || !spend(c))
        return;
    if (molt_kind_is_sequence(type->kind)) {
        Loop loop = open_loop(c, at, molt_type(schema, type->elem)->size, type->length);
        emit_value(c, type->elem, 0, external);
        close_loop(c, loop);
    } else if (type->kind == MOLT_KIND_STRUCT) {
        emit_fields(c, id, at, external);
    } else if (type->kind == MOLT_KIND_POINTER) {
        push_pointer(c, (MoltImageOp){.code = external ? MOLT__IMAGE_EXTERNAL : MOLT__IMAGE_POINTER,
                                      .at = at,
                                      .size = type->size,
                                      .pointee = type->elem});
    } else if (type->kind == MOLT_KIND_UNION && molt__image_holds_pointers(c->images, id)) {
        push_pointer(c,
                     (MoltImageOp){.code = external ? MOLT__IMAGE_EXTERNAL : MOLT__IMAGE_UNTAGGED,
                                   .at = at,
                                   .size = type->size,
                                   .pointee = MOLT_NO_TYPE});
    } else {
        push_copy(c, at, value_bytes(type));
    }
}

/* ---- public --------------------------------------------------------------------------------- */

const MoltImageOp *molt__image_arm(const MoltImageOp *op, const unsigned char *object)
{
    uint64_t value = molt__number_bits(&op->tag, object + op->at);
    const MoltImageOp *last = op + op->body, *arm = op + 1;
    while (arm + arm->body < last && arm->count != value)
        arm += arm->body + 1;
    return arm;
}

bool molt__image_holds_pointers(MoltImages *images, MoltTypeId id)
{
    const MoltSchema *schema = images->schema;
    const MoltType *type = molt_type(schema, id);
    if (images->holds[id] != 0)
        return images->holds[id] == 2;
    bool holds = type->kind == MOLT_KIND_POINTER;
    if (molt_kind_is_sequence(type->kind))
        holds = molt__image_holds_pointers(images, type->elem);
    if (type->kind == MOLT_KIND_STRUCT || type->kind == MOLT_KIND_UNION)
        for (uint32_t f = type->first; f < type->first + type->count && !holds; f++)
            holds = molt__image_holds_pointers(images, schema->tables.fields[f].type);
    images->holds[id] = holds ? 2 : 1;
    return holds;
}

const MoltImage *molt__image(MoltImages *images, MoltTypeId type)
{
    MoltImage *image = &images->items[type];
    if (image->ready)
        return image;
    Compiler c = {.images = images, .image = image, .owner = MOLT_NO_TYPE, .field = UINT32_MAX};
    image->count = 0;
    emit_value(&c, type, 0, false);
    if (c.failed)
        return NULL;
    image->plain = images->pointers_only
                       ? image->count == 0
                       : image->count == 1 && image->ops[0].code == MOLT__IMAGE_COPY &&
                             image->ops[0].at == 0 &&
                             image->ops[0].size == molt_type(images->schema, type)->size;
    image->ready = true;
    return image;
}
