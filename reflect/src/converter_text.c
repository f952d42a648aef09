#include "converter_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "converter_batch.h"

/* ---- text ------------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void add(MoltConverterText *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int needed = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    uint64_t wanted = text->length + (uint64_t)needed + 1;
    if (!text->failed && wanted > text->slots) {
        uint64_t slots = text->slots * 2 > wanted ? text->slots * 2 : wanted + 1024;
        char *grown =
            text->allocator->resize(text->allocator->context, text->bytes, text->slots, slots);
        text->failed = !grown;
        text->bytes = grown ? grown : text->bytes;
        text->slots = grown ? slots : text->slots;
    }
    if (text->failed)
        return;
    va_start(arguments, format);
    vsnprintf(text->bytes + text->length, text->slots - text->length, format, arguments);
    va_end(arguments);
    text->length += (uint64_t)needed;
}

void molt__converter_text_free(MoltConverterText *text)
{
    if (text->bytes)
        text->allocator->resize(text->allocator->context, text->bytes, text->slots, 0);
    text->bytes = NULL;
    text->length = text->slots = 0;
}

/* ---- numbers ---------------------------------------------------------------------------------- */

static const char *const signed_names[] = {"int8_t", "int16_t", "int32_t", "int64_t"};
static const char *const unsigned_names[] = {"uint8_t", "uint16_t", "uint32_t", "uint64_t"};

static bool is_float(const MoltNumberForm *form)
{
    return form->class == MOLT__FLOAT;
}

/* The C type of a number, NULL where a converter leaves it alone. */
static const char *type_name(const MoltNumberForm *form)
{
    if (form->width > 0)
        return NULL;
    if (is_float(form))
        return form->size == 4 ? "float" : form->size == 8 ? "double" : NULL;
    if (form->class == MOLT__BOOL)
        return form->size == 1 ? "uint8_t" : NULL;
    const char *const *names = form->class == MOLT__SIGNED ? signed_names : unsigned_names;
    switch (form->size) {
    case 1: return names[0];
    case 2: return names[1];
    case 4: return names[2];
    case 8: return names[3];
    default: return NULL;
    }
}

/* Lowest value, and highest + 1, of an integer type: exact as floats. */
static void bounds(const MoltNumberForm *form, char *low, char *end, size_t size)
{
    unsigned bits = form->size * 8;
    if (form->class == MOLT__SIGNED)
        snprintf(low, size, "-0x1p%uf", bits - 1);
    else
        snprintf(low, size, "0.0f");
    snprintf(end, size, "0x1p%uf", form->class == MOLT__SIGNED ? bits - 1 : bits);
}

/* The condition under which `v` becomes `w` exactly, which sets w. It says no more than the kernels of
 * convert.c do. */
static void add_condition(MoltConverterText *text, const MoltOp *op)
{
    const MoltNumberForm *from = &op->forms[0], *to = &op->forms[1];
    const char *source = type_name(from), *destination = type_name(to);
    char low[16], end[16];
    if (from->class == MOLT__BOOL) {
        add(text, "(w = v == 1, v == 0 || v == 1)");
    } else if (to->class == MOLT__BOOL && is_float(from)) {
        add(text, "(w = v == 1, (v == 0 && !__builtin_signbit(v)) || v == 1)");
    } else if (to->class == MOLT__BOOL) {
        add(text, "(w = v == 1, v == 0 || v == 1)");
    } else if (is_float(from) && is_float(to)) {
        if (to->size > from->size)
            add(text, "(w = v, 1)");
        else
            add(text, "(w = (%s)v, (double)w == (double)v)", destination);
    } else if (is_float(from)) {
        bounds(to, low, end, sizeof low);
        add(text, "(v >= %s && v < %s && (w = (%s)v, (%s)w == v) && !(w == 0 && "
                  "__builtin_signbit(v)))", low, end, destination, source);
    } else if (is_float(to)) {
        bounds(from, low, end, sizeof low);
        add(text, "(w = (%s)v, w >= %s && w < %s && (%s)w == v)", destination, low, end, source);
    } else {
        add(text, "!__builtin_add_overflow(v, (%s)0, &w)", source);
    }
}

/* ---- operations ------------------------------------------------------------------------------- */

static uint32_t extent(const MoltOp *op)
{
    return 1 + op->body;
}

static bool is_straight(const MoltPlan *plan, uint32_t index);

static bool are_straight(const MoltPlan *plan, uint32_t first, uint32_t count)
{
    for (uint32_t index = first; index < first + count; index += extent(&plan->ops[index])) {
        if (!is_straight(plan, index))
            return false;
    }
    return true;
}

/* What it does to a usual value can be written down without any knowledge of the state. */
static bool is_straight(const MoltPlan *plan, uint32_t index)
{
    const MoltOp *op = &plan->ops[index];
    if (op->waited)
        return false; /* each value is kept */
    switch ((MoltOpCode)op->code) {
    case MOLT__OP_COPY:
    case MOLT__OP_CONSTANT: return true;
    case MOLT__OP_NUMBER:
        return type_name(&op->forms[0]) && type_name(&op->forms[1]) && !op->named_only;
    case MOLT__OP_POINTER: return op->pointee_ok && !op->external;
    case MOLT__OP_DROP_BYTES: return op->constant == MOLT__NO_CONSTANT && !op->keeps_default;
    case MOLT__OP_DROP_NUMBER:
        return op->constant == MOLT__NO_CONSTANT && !op->keeps_default && type_name(&op->forms[0]);
    case MOLT__OP_LOOP: return are_straight(plan, index + 1, op->body);
    default: return false;
    }
}

uint32_t molt__converter_span(const MoltPlan *plan, uint32_t first, uint32_t end)
{
    uint32_t index = first, steps = 0;
    bool loops = false;
    while (index < end && is_straight(plan, index)) {
        loops = loops || plan->ops[index].code == MOLT__OP_LOOP;
        index += extent(&plan->ops[index]);
        steps++;
    }
    return steps > 1 || loops ? index - first : 0;
}

static bool is_integer(const MoltNumberForm *form)
{
    return form->class == MOLT__SIGNED || form->class == MOLT__UNSIGNED;
}

/* A field of the type itself: that of a struct which it holds may be written by other operations,
 * too, and the first offender of all of them is told. */
static bool is_own(const MoltPlan *plan, uint32_t index)
{
    const MoltOp *op = &plan->ops[index];
    MoltTypeId owner =
        op->check == MOLT__NO_CHECK ? MOLT_NO_TYPE : plan->checks[op->check].type_before;
    return owner != MOLT_NO_TYPE && index >= plan->types[owner].first_op &&
           index - plan->types[owner].first_op < plan->types[owner].op_count;
}

/* Some values of the one integer are none of the other. */
static bool clamps(const MoltPlan *plan, uint32_t index)
{
    const MoltOp *op = &plan->ops[index];
    const MoltNumberForm *from = &op->forms[0], *to = &op->forms[1];
    bool both = op->code == MOLT__OP_NUMBER && is_integer(from) && is_integer(to);
    bool wider = from->class == MOLT__UNSIGNED && to->class == MOLT__SIGNED ? to->size > from->size
                                                                            : to->size >= from->size;
    bool sign_goes = from->class == MOLT__SIGNED && to->class == MOLT__UNSIGNED;
    return both && is_own(plan, index) && (!wider || sign_goes);
}

bool molt__converter_notes(const MoltPlan *plan, uint32_t index)
{
    return molt__op_drops(&plan->ops[index]) || clamps(plan, index);
}

uint32_t molt__converter_noting(const MoltPlan *plan, uint32_t first, uint32_t end)
{
    uint32_t count = 0;
    for (uint32_t index = first; index < end; index += extent(&plan->ops[index]))
        count += molt__converter_notes(plan, index);
    return count;
}

/* Where a value that is not as usual goes: inside of a loop, all of the loop. Then `odd` counts in its upper
 * half; in its lower one are the pointers of the loop that stay as they are. A loop without either has but
 * to look at that. */
typedef struct Place {
    uint32_t first; /* operation of the converter */
    unsigned depth; /* of loops */
} Place;

static void add_other(MoltConverterText *text, const Place *place, uint32_t index)
{
    if (place->depth > 0)
        add(text, "odd += 1ull << 32;\n");
    else
        add(text, "b->other(b->context, %" PRIu32 ", i);\n", index - place->first);
}

static void add_constant(MoltConverterText *text, const MoltPlan *plan, const MoltOp *op,
                         unsigned depth)
{
    const unsigned char *bytes = plan->after->tables.constants + op->constant;
    add(text, "{ static const unsigned char c[] = {");
    for (uint64_t i = 0; i < op->size; i++)
        add(text, "%s%u", i > 0 ? "," : "", bytes[i]);
    add(text, "}; memcpy(d%u + %" PRIu64 ", c, %" PRIu64 "); }\n", depth, op->destination, op->size);
}

/* Which of the notes is the operation's; MOLT__LOST_OPS: none. */
static uint32_t note_of(const MoltPlan *plan, const Place *place, uint32_t index)
{
    uint32_t number = place->depth == 0 ? molt__converter_noting(plan, place->first, index) : 0;
    return place->depth == 0 && number < MOLT__LOST_OPS ? number : MOLT__LOST_OPS;
}

/* The nearest value of the other integer, where it is not the same one. */
static void add_nearest(MoltConverterText *text, const MoltNumberForm *from, const MoltNumberForm *to)
{
    const char *kind = to->class == MOLT__SIGNED ? "INT" : "UINT";
    unsigned bits = to->size * 8;
    if (from->class == MOLT__UNSIGNED)
        add(text, "%s%u_MAX", kind, bits);
    else if (to->class == MOLT__SIGNED)
        add(text, "v < 0 ? INT%u_MIN : INT%u_MAX", bits, bits);
    else
        add(text, "v < 0 ? 0 : UINT%u_MAX", bits);
}

static void add_number(MoltConverterText *text, const MoltPlan *plan, uint32_t index,
                       const Place *place)
{
    const MoltOp *op = &plan->ops[index];
    uint32_t note = clamps(plan, index) ? note_of(plan, place, index) : MOLT__LOST_OPS;
    add(text, "{ %s v; %s w; memcpy(&v, s%u + %" PRIu64 ", sizeof v);\n", type_name(&op->forms[0]),
        type_name(&op->forms[1]), place->depth, op->source);
    if (note < MOLT__LOST_OPS) {
        add(text, "int over = __builtin_add_overflow(v, 0, &w); if (over) w = ");
        add_nearest(text, &op->forms[0], &op->forms[1]);
        add(text,
            ";\nmemcpy(d%u + %" PRIu64 ", &w, sizeof w); "
            "lost[%" PRIu32 " + i / 64] |= (uint64_t)over << i %% 64;\n"
            "memcpy(kept%" PRIu32 " + i * sizeof v, &v, sizeof v); "
            "memcpy(left%" PRIu32 " + i * sizeof w, &w, sizeof w); }\n",
            place->depth, op->destination, note * MOLT__LOST_WORDS, note, note);
        return;
    }
    add(text, "if (");
    add_condition(text, op);
    add(text, ") memcpy(d%u + %" PRIu64 ", &w, sizeof w); else ", place->depth, op->destination);
    add_other(text, place, index);
    add(text, "}\n");
}

/* One load takes it. */
static bool is_word(uint64_t size)
{
    return size == 1 || size == 2 || size == 4 || size == 8;
}

static void add_drop(MoltConverterText *text, const MoltPlan *plan, const Place *place,
                     uint32_t index)
{
    const MoltOp *op = &plan->ops[index];
    uint64_t size = op->code == MOLT__OP_DROP_BYTES ? op->size : op->forms[0].size;
    uint32_t number = note_of(plan, place, index);
    if (number < MOLT__LOST_OPS) {
        add(text, "lost[%" PRIu32 " + i / 64] |= (uint64_t)", number * MOLT__LOST_WORDS);
        if (is_word(size))
            add(text, "any%" PRIu64 "(s0 + %" PRIu64 ")", size, op->source);
        else
            add(text, "(is_set(s0 + %" PRIu64 ", %" PRIu64 ") != 0)", op->source, size);
        add(text, " << i %% 64;\n");
        if (is_word(size))
            add(text,
                "memcpy(kept%" PRIu32 " + i * %" PRIu64 ", s0 + %" PRIu64 ", %" PRIu64 ");\n",
                number, size, op->source, size);
        return;
    }
    add(text, "if (is_set(s%u + %" PRIu64 ", %" PRIu64 ")) ", place->depth, op->source, size);
    add_other(text, place, index);
}

/* Its pointers lead to what moves, mostly to single objects. */
static bool lands(const MoltPlan *plan, const MoltOp *op)
{
    return op->code == MOLT__OP_POINTER && plan->types[op->before].fate == MOLT_FATE_CHANGED;
}

/* Of those that lead to what moves, the pointers that stay as they are get counted: they are few. */
static void add_landing_pointer(MoltConverterText *text, const MoltPlan *plan, uint32_t index,
                                const Place *place)
{
    const MoltOp *op = &plan->ops[index];
    const char *stays = place->depth > 0 ? "odd" : "same";
    add(text,
        "do { uint64_t v, w; memcpy(&v, s%u + %" PRIu64 ", 8);\n"
        "if (!__builtin_expect(land(rows, step%" PRIu32 ", v, &w), 1)) {\n"
        "if (v == 0) { w = 0; %s++; } else if ((w = far(b, %" PRIu32 ", v)) == 0) { %s++; ",
        place->depth, op->source, op->before, stays, op->before, stays);
    add_other(text, place, index);
    add(text, "break; } else %s += w == v; }\nmemcpy(d%u + %" PRIu64 ", &w, 8); } while (0);\n", stays,
        place->depth, op->destination);
}

static void add_pointer(MoltConverterText *text, const MoltPlan *plan, uint32_t index,
                        const Place *place)
{
    const MoltOp *op = &plan->ops[index];
    if (lands(plan, op)) {
        add_landing_pointer(text, plan, index, place);
        return;
    }
    add(text,
        "do { uint64_t v, w = 0; memcpy(&v, s%u + %" PRIu64 ", 8);\n"
        "if (__builtin_expect(v != 0, 1)) { if (!follow(&heap, %" PRIu32 ", v, &w)) { ",
        place->depth, op->source, op->before);
    add_other(text, place, index);
    add(text, "break; } changed += w != v; }\nmemcpy(d%u + %" PRIu64 ", &w, 8); } while (0);\n",
        place->depth, op->destination);
}

/* Pointers of an object that lead to what moves. */
static uint64_t count_landing(const MoltPlan *plan, uint32_t first, uint32_t count)
{
    uint64_t pointers = 0;
    for (uint32_t index = first; index < first + count; index += extent(&plan->ops[index])) {
        const MoltOp *op = &plan->ops[index];
        if (op->code == MOLT__OP_LOOP)
            pointers += op->length * count_landing(plan, index + 1, op->body);
        else
            pointers += lands(plan, op);
    }
    return pointers;
}

static void add_operations(MoltConverterText *text, const MoltPlan *plan, uint32_t first,
                           uint32_t count, const Place *place);

/* Operations of a loop that are written down one after the other. */
enum { UNROLLED_MAX = 4 };

static void add_loop(MoltConverterText *text, const MoltPlan *plan, uint32_t index,
                     const Place *place)
{
    const MoltOp *op = &plan->ops[index];
    const Place inner = {place->first, place->depth + 1};
    unsigned depth = place->depth;
    if (depth == 0)
        add(text, "{ uint64_t odd = 0, before = changed;\n");
    uint64_t times = op->length * op->body <= UNROLLED_MAX ? op->length : 1;
    for (uint64_t i = 0; i < times; i++) {
        add(text,
            "{ const unsigned char *s%u = s%u + %" PRIu64 "; unsigned char *d%u = d%u + %" PRIu64 ";\n",
            depth + 1, depth, op->source + i * op->source_stride, depth + 1, depth,
            op->destination + i * op->destination_stride);
        if (times < op->length)
            add(text,
                "for (uint64_t i%u = 0; i%u < %" PRIu64 "; i%u++, s%u += %" PRIu64 ", d%u += %" PRIu64
                ")\n", depth, depth, op->length, depth, depth + 1, op->source_stride, depth + 1,
                op->destination_stride);
        add(text, "{\n");
        add_operations(text, plan, index + 1, op->body, &inner);
        add(text, "} }\n");
    }
    if (depth > 0)
        return;
    add(text, "if (odd >> 32) { changed = before; same += %" PRIu64 "; ",
        count_landing(plan, index, 1 + op->body));
    add_other(text, place, index);
    add(text, "} else if (odd) same += odd; }\n");
}

static void add_operation(MoltConverterText *text, const MoltPlan *plan, uint32_t index,
                          const Place *place)
{
    const MoltOp *op = &plan->ops[index];
    unsigned depth = place->depth;
    switch ((MoltOpCode)op->code) {
    case MOLT__OP_COPY:
        add(text, "memcpy(d%u + %" PRIu64 ", s%u + %" PRIu64 ", %" PRIu64 ");\n", depth,
            op->destination, depth, op->source, op->size);
        break;
    case MOLT__OP_CONSTANT: add_constant(text, plan, op, depth); break;
    case MOLT__OP_NUMBER: add_number(text, plan, index, place); break;
    case MOLT__OP_POINTER: add_pointer(text, plan, index, place); break;
    case MOLT__OP_DROP_BYTES:
    case MOLT__OP_DROP_NUMBER: add_drop(text, plan, place, index); break;
    case MOLT__OP_LOOP: add_loop(text, plan, index, place); break;
    default: break; /* is_straight() knows no other */
    }
}

static bool was_met(const MoltPlan *plan, uint32_t first, uint32_t index)
{
    for (uint32_t o = first; o < index; o++) {
        if (lands(plan, &plan->ops[o]) && plan->ops[o].before == plan->ops[index].before)
            return true;
    }
    return false;
}

/* What the types that pointers lead to have in the aim map, in registers. */
static void add_steps(MoltConverterText *text, const MoltPlan *plan, uint32_t first, uint32_t count)
{
#define STEP(member) (op->before * sizeof(MoltAimStep) + offsetof(MoltAimStep, member))
    for (uint32_t o = first; o < first + count; o++) {
        const MoltOp *op = &plan->ops[o];
        if (lands(plan, op) && !was_met(plan, first, o))
            add(text,
                "const Step step%" PRIu32 " = {AT(unsigned char *, b->steps + %zu), AT(uint64_t, "
                "b->steps + %zu), AT(uint64_t, b->steps + %zu), AT(uint64_t, b->steps + %zu), "
                "AT(uint32_t, b->steps + %zu)};\n",
                op->before, STEP(offsets), STEP(mask), STEP(inverse), STEP(to_stride), STEP(turn));
    }
#undef STEP
}

static void add_rest(MoltConverterText *text, const MoltConverterRest *rest)
{
    for (uint32_t h = 0; h < rest->hole_count; h++)
        add(text, "memset(d0 + %" PRIu32 ", 0, %" PRIu32 ");\n", rest->holes[h].offset,
            rest->holes[h].size);
    for (uint32_t i = 0; i < rest->integer_count; i++)
        add(text, "{ uint64_t v; memcpy(&v, s0 + %" PRIu64 ", 8); near |= v - low < range; }\n",
            rest->integers[i]);
}

static void add_operations(MoltConverterText *text, const MoltPlan *plan, uint32_t first,
                           uint32_t count, const Place *place)
{
    for (uint32_t index = first; index < first + count; index += extent(&plan->ops[index]))
        add_operation(text, plan, index, place);
}

/* ---- functions -------------------------------------------------------------------------------- */

/* The way of a pointer over an aim map, and the other one for what has no row there. An offset has two
 * bytes, so what a shift by one less leaves of the granule's lower bits goes with the mask. */
static void add_landing(MoltConverterText *text)
{
#define ROW(member) offsetof(MoltAimRow, member)
    add(text,
        "static __attribute__((noinline, cold))\n"
        "uint64_t far(const Batch *b, uint32_t type, uint64_t v)\n"
        "{ const Heap heap = {b->aims, b->granules, b->heap_base, b->granule_count}; uint64_t w;\n"
        "return follow(&heap, type, v, &w) ? w : 0; }\n"
        "typedef struct Step { const unsigned char *offsets; uint64_t mask, inverse, to_stride;\n"
        "uint32_t turn; } Step;\n"
        "static inline int is_live(const unsigned char *r, uint64_t index)\n"
        "{ const uint64_t *live = AT(uint64_t *, r + %zu);\n"
        "return live && index < AT(uint64_t, r + %zu) &&\n"
        "(live[index / 64] >> (index %% 64) & 1) != 0; }\n",
        ROW(live_bits), ROW(blocks));
    add(text,
        "static inline int land(const unsigned char *rows, Step step, uint64_t v, uint64_t *w)\n"
        "{ const uint64_t offset = AT(uint16_t, step.offsets + (v >> %u & step.mask));\n"
        "const unsigned char *r = rows + offset * %d;\n"
        "uint64_t product = (v - AT(uint64_t, r + %zu)) * step.inverse;\n"
        "uint64_t index = product >> (step.turn & 63) | product << (-step.turn & 63);\n"
        "if (__builtin_expect(index >= AT(uint64_t, r + %zu), 0) && !is_live(r, index)) return 0;\n"
        "*w = AT(uint64_t, r + %zu) + index * step.to_stride; return 1; }\n",
        MOLT__GRANULE_SHIFT - 1, MOLT__AIM_OFFSET, ROW(base), ROW(all_live), ROW(to));
#undef ROW
}

void molt__converter_prelude(MoltConverterText *text)
{
#define AIM(member) offsetof(MoltAim, member)
    add(text,
        "#include <stdint.h>\n"
        "#include <string.h>\n"
        "typedef struct Batch { const unsigned char *source; unsigned char *destination;\n"
        "uint64_t source_stride, destination_stride, n;\n"
        "const unsigned char *aims, *rows, *steps;\n"
        "const uint32_t *granules; uint64_t heap_base, granule_count, low, range, changed, near;\n"
        "uint64_t *lost; unsigned char *kept[%d], *left[%d]; void *context;\n"
        "void (*other)(void *, uint32_t, uint64_t); } Batch;\n"
        "_Static_assert(sizeof(Batch) == %zu && __builtin_offsetof(Batch, other) == %zu, \"\");\n"
        "typedef struct Heap { const unsigned char *aims; const uint32_t *granules;\n"
        "uint64_t base, count; } Heap;\n"
        "#define AT(type, place) (*(type const *)(place))\n",
        MOLT__LOST_OPS, MOLT__LOST_OPS, sizeof(MoltConverterBatch),
        offsetof(MoltConverterBatch, other));
    add(text,
        "static __attribute__((noinline)) int inside(const unsigned char *a, uint64_t index,\n"
        "uint64_t rest, uint64_t *w)\n"
        "{ const uint64_t *counts = AT(uint64_t *, a + %zu);\n"
        "uint64_t element = (uint64_t)((unsigned __int128)rest * AT(uint64_t, a + %zu) >> 64);\n"
        "if (!counts || rest != element * AT(uint64_t, a + %zu) || element > counts[index])\n"
        "return 0; *w += element * AT(uint64_t, a + %zu); return 1; }\n",
        AIM(counts), AIM(reciprocal.elem_size), AIM(elem_size), AIM(to_elem_size));
    add(text,
        "static inline int follow(const Heap *h, uint32_t type, uint64_t v, uint64_t *w)\n"
        "{ uint64_t granule = (v - h->base) >> %u;\n"
        "if (granule >= h->count) return 0;\n"
        "uint32_t slot = h->granules[granule];\n"
        "if (slot == 0) return 0;\n"
        "const unsigned char *a = h->aims + (slot - 1) * %zuull;\n"
        "if (AT(uint32_t, a + %zu) != type) return 0;\n"
        "uint64_t at = v - AT(uint64_t, a + %zu), stride = AT(uint64_t, a + %zu);\n"
        "uint64_t index = (uint64_t)((unsigned __int128)at * AT(uint64_t, a + %zu) >> 64);\n",
        MOLT__GRANULE_SHIFT, sizeof(MoltAim), AIM(type), AIM(base), AIM(stride),
        AIM(reciprocal.stride));
    add(text,
        "uint64_t rest = at - index * stride;\n"
        "const uint64_t *live = AT(uint64_t *, a + %zu);\n"
        "if (index >= AT(uint32_t, a + %zu) ||\n"
        "(live && (live[index / 64] >> (index %% 64) & 1) == 0)) return 0;\n"
        "*w = AT(uint64_t, a + %zu) + index * AT(uint64_t, a + %zu);\n"
        "return rest == 0 || inside(a, index, rest, w); }\n",
        AIM(live_bits), AIM(blocks), AIM(to), AIM(to_stride));
    add(text,
        "static inline int is_set(const unsigned char *at, uint64_t size)\n"
        "{ unsigned char any = 0; for (uint64_t i = 0; i < size; i++) any |= at[i]; return any; }\n");
    add_landing(text);
    for (unsigned size = 1; size <= 8; size *= 2)
        add(text,
            "static inline int any%u(const unsigned char *at)\n"
            "{ uint%u_t v; memcpy(&v, at, sizeof v); return v != 0; }\n",
            size, size * 8);
#undef AIM
}

void molt__converter_text(MoltConverterText *text, const MoltPlan *plan, uint32_t first,
                          uint32_t count, const MoltConverterRest *rest,
                          char name[MOLT__CONVERTER_NAME])
{
    const Place place = {.first = first};
    MoltConverterText body = {.allocator = text->allocator};
    molt__converter_prelude(&body); /* what it is compiled with is part of what it is */
    uint64_t start = body.length;
    add(&body, "{\nconst unsigned char *restrict s0 = b->source;\n"
               "unsigned char *restrict d0 = b->destination;\n"
               "uint64_t changed = 0, same = 0, near = 0, n = b->n;\n"
               "const uint64_t low = b->low, range = b->range;\n"
               "uint64_t *restrict lost = b->lost;\n"
               "const unsigned char *const rows = b->rows;\n"
               "const uint64_t ss = b->source_stride, ds = b->destination_stride;\n"
               "const Heap heap = {b->aims, b->granules, b->heap_base, b->granule_count};\n");
    add_steps(&body, plan, first, count);
    uint32_t notes = molt__converter_noting(plan, first, first + count);
    for (uint32_t k = 0; k < notes && k < MOLT__LOST_OPS; k++)
        add(&body,
            "unsigned char *const kept%" PRIu32 " = b->kept[%" PRIu32 "], *const left%" PRIu32
            " = b->left[%" PRIu32 "];\n",
            k, k, k, k);
    add(&body, "for (uint64_t i = 0; i < n; i++, s0 += ss, d0 += ds) {\n");
    if (rest)
        add_rest(&body, rest);
    add_operations(&body, plan, first, count, &place);
    add(&body, "}\nb->changed += changed + b->n * %" PRIu64 " - same;\nb->near |= near;\n}\n",
        count_landing(plan, first, count));
    if (!body.failed) {
        XXH128_hash_t hash = XXH3_128bits(body.bytes, body.length);
        snprintf(name, MOLT__CONVERTER_NAME, "molt_convert_%016" PRIx64 "%016" PRIx64, hash.high64,
                 hash.low64);
        add(text, "void %s(Batch *b);\nvoid %s(Batch *b)\n%s", name, name, body.bytes + start);
    }
    text->failed = text->failed || body.failed;
    molt__converter_text_free(&body);
}
