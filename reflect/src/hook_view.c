/* An old object as a hook sees it: the accessors of hook.h. Each asks for one kind of value; where the
 * old state has another one, that refuses the reload and the accessor leaves `out` as it was. */
#include <stdio.h>
#include <string.h>

#include "hook_path.h"

#define API_VERSION 1u

typedef struct View {
    MoltOld public; /* first: what hooks hold */
    MoltMigration *m;
    MoltTypeId type;
    uintptr_t address;
} View;

static const MoltOldApi view_api, nil_api;
/* Stands where a mistake left no object. */
static const MoltOld nil = {&nil_api};

static const char *const functions[MOLT__OLD_ASK_COUNT] = {
    [MOLT__OLD_HAS] = "molt_old_has",         [MOLT__OLD_INT] = "molt_old_int",
    [MOLT__OLD_UINT] = "molt_old_uint",       [MOLT__OLD_BOOL] = "molt_old_bool",
    [MOLT__OLD_DOUBLE] = "molt_old_double",   [MOLT__OLD_ENUM] = "molt_old_enum",
    [MOLT__OLD_TEXT] = "molt_old_text",       [MOLT__OLD_COUNT] = "molt_old_count",
    [MOLT__OLD_AT] = "molt_old_at",           [MOLT__OLD_FOLLOW] = "molt_old_follow",
    [MOLT__OLD_POINTER] = "molt_old_pointer", [MOLT__OLD_FUNCTION] = "molt_old_function"};

const MoltOld *molt__hook_view(MoltMigration *m, MoltTypeId type, uintptr_t address)
{
    View *view = molt__hook_alloc(m, sizeof *view);
    if (!view)
        return NULL;
    *view = (View){{&view_api}, m, type, address};
    return &view->public;
}

static const MoltType *value_type(const MoltMigration *m, const MoltHookPlace *place)
{
    return molt_type(m->plan->before, molt_value_type(m->plan->before, place->type));
}

static bool is_text(const MoltSchema *schema, const MoltType *type)
{
    return (type->kind == MOLT_KIND_ARRAY || type->kind == MOLT_KIND_POINTER) &&
           (molt_type(schema, type->elem)->flags & MOLT_TYPE_CHAR) != 0;
}

/* ---- mistakes ------------------------------------------------------------------------------- */

static const char *right_question(const MoltSchema *schema, const MoltType *type)
{
    if (is_text(schema, type))
        return "ask with molt_old_text";
    switch (type->kind) {
    case MOLT_KIND_BOOL: return "ask with molt_old_bool or molt_old_int";
    case MOLT_KIND_INT: return "ask with molt_old_int or molt_old_uint";
    case MOLT_KIND_FLOAT: return "ask with molt_old_double";
    case MOLT_KIND_ENUM: return "ask with molt_old_enum or molt_old_int";
    case MOLT_KIND_STRUCT:
    case MOLT_KIND_UNION: return "ask for one of its fields, or with molt_old_at";
    case MOLT_KIND_POINTER:
        return molt_type(schema, type->elem)->kind == MOLT_KIND_FUNCTION
                   ? "ask with molt_old_function"
                   : "ask with molt_old_follow, or with molt_old_pointer for the new object";
    default: return "ask for one of its elements";
    }
}

static bool wrong_kind(const MoltHookQuestion *question, const MoltHookPlace *place)
{
    const MoltSchema *schema = question->m->plan->before;
    return molt__hook_mistake(question, place,
                              right_question(schema, value_type(question->m, place)),
                              "it is of type %s", molt_type_name(schema, place->type));
}

/* ---- numbers -------------------------------------------------------------------------------- */

static MoltNumberForm form_at(const MoltMigration *m, const MoltHookPlace *place)
{
    MoltNumberForm form = molt__plan_form(m->plan->before, place->type);
    if (place->field == MOLT__NO_FIELD)
        return form;
    const MoltField *field = &m->plan->before->tables.fields[place->field];
    if (field->flags & MOLT_FIELD_BITS) {
        form.width = field->bit_width;
        form.shift = (uint32_t)(field->bit_offset % 8);
    }
    return form;
}

static void get_number(const MoltHookQuestion *question, const MoltHookPlace *place,
                       MoltNumberForm to, void *out)
{
    const MoltMigration *m = question->m;
    uint16_t kind = value_type(m, place)->kind;
    bool whole = kind == MOLT_KIND_INT || kind == MOLT_KIND_ENUM || kind == MOLT_KIND_BOOL;
    bool fits = to.class == MOLT__FLOAT  ? kind == MOLT_KIND_FLOAT
                : to.class == MOLT__BOOL ? kind == MOLT_KIND_BOOL
                                         : whole;
    if (!fits) {
        wrong_kind(question, place);
        return;
    }
    MoltNumberForm from = form_at(m, place);
    const unsigned char *source = molt__hook_bytes(m, place->address);
    unsigned char value[16] = {0};
    if (molt__number_convert(&from, source, &to, value, false) == MOLT__EXACT) {
        memcpy(out, value, to.size);
        return;
    }
    char text[64];
    molt__number_text(&from, source, text, sizeof text);
    molt__hook_mistake(question, place,
                       to.class == MOLT__FLOAT      ? "read it through molt_old_struct"
                       : to.class == MOLT__UNSIGNED ? "ask with molt_old_int"
                                                    : "ask with molt_old_uint",
                       "it is %s in this object", text);
}

static void get_enum(const MoltHookQuestion *question, const MoltHookPlace *place, void *out)
{
    const MoltMigration *m = question->m;
    const MoltType *type = value_type(m, place);
    const char *name = NULL;
    if (type->kind != MOLT_KIND_ENUM) {
        wrong_kind(question, place);
        return;
    }
    MoltNumberForm form = form_at(m, place);
    uint64_t value = molt__number_bits(&form, molt__hook_bytes(m, place->address));
    for (uint32_t e = type->first; e < type->first + type->count && !name; e++) {
        const MoltEnumerator *item = &m->plan->before->tables.enumerators[e];
        if (item->value == value)
            name = molt_string(m->plan->before, item->name);
    }
    memcpy(out, &name, sizeof name);
}

/* ---- text ----------------------------------------------------------------------------------- */

static void get_text(const MoltHookQuestion *question, const MoltHookPlace *place, void *out)
{
    MoltMigration *m = question->m;
    const MoltType *type = value_type(m, place);
    const char *text = NULL;
    uint64_t length = 0;
    if (!is_text(m->plan->before, type)) {
        wrong_kind(question, place);
        return;
    }
    if (type->kind == MOLT_KIND_ARRAY) {
        text = (const char *)molt__hook_bytes(m, place->address);
        length = molt__text_length(text, molt__hook_length(m, place));
    } else {
        uintptr_t value = molt__hook_pointer(m, place);
        if (value != 0 && !molt__relocate_text(m, value, &length)) {
            molt__hook_mistake(question, place, "text lies in the heap or in the library",
                               "it points at no text");
            return;
        }
        text = value == 0 ? NULL : (const char *)molt__hook_bytes(m, value);
    }
    char *copy = text ? molt__hook_alloc(m, length + 1) : NULL;
    if (text && !copy)
        return;
    if (copy)
        memcpy(copy, text, length);
    memcpy(out, &copy, sizeof copy);
}

/* ---- objects and pointers ------------------------------------------------------------------- */

static void get_count(const MoltHookQuestion *question, const MoltHookPlace *place, void *out)
{
    const MoltMigration *m = question->m;
    const MoltType *type = value_type(m, place);
    MoltHookPlace target;
    uint64_t count = 0;
    if (type->kind == MOLT_KIND_POINTER)
        molt__hook_target(m, place, 0, &target, &count);
    else if (type->kind == MOLT_KIND_ARRAY || type->kind == MOLT_KIND_VECTOR)
        count = molt__hook_length(m, place);
    else
        molt__hook_mistake(question, place, right_question(m->plan->before, type), "no array");
    memcpy(out, &count, sizeof count);
}

static void get_object(const MoltHookQuestion *question, const MoltHookPlace *place, void *out)
{
    const MoltOld *object = molt__hook_view(question->m, place->type, place->address);
    if (object)
        memcpy(out, &object, sizeof object);
}

static void follow(const MoltHookQuestion *question, const MoltHookPlace *place, void *out)
{
    MoltMigration *m = question->m;
    MoltHookPlace target;
    uint64_t count;
    const MoltOld *object = NULL;
    if (value_type(m, place)->kind != MOLT_KIND_POINTER) {
        wrong_kind(question, place);
        return;
    }
    MoltHookTarget found = molt__hook_target(m, place, 0, &target, &count);
    if (found == MOLT__HOOK_OBJECT)
        object = molt__hook_view(m, target.type, target.address);
    else if (found == MOLT__HOOK_OUTSIDE || found == MOLT__HOOK_OTHER)
        molt__hook_mistake(question, place, "ask with molt_old_pointer",
                           found == MOLT__HOOK_OUTSIDE ? "it points outside of the heap"
                                                       : "it does not point at what its type says");
    memcpy(out, &object, sizeof object);
}

/* What the field that was read leads to in the new layout, where it still leads to a number: that one may
 * have become another with it. Else what the pointee became. */
static MoltTypeId new_pointee(const MoltMigration *m, const MoltHookPlace *place, MoltTypeId pointee)
{
    const MoltPlan *plan = m->plan;
    MoltTypeId became = plan->types[pointee].after;
    MoltTypeId owner = place->owner != MOLT_NO_TYPE ? plan->types[place->owner].after : MOLT_NO_TYPE;
    const MoltPair *pair =
        owner != MOLT_NO_TYPE ? molt__plan_find_pair(plan, place->owner, owner) : NULL;
    uint16_t kind = molt_type(plan->before, pointee)->kind;
    if (!pair || (kind != MOLT_KIND_INT && kind != MOLT_KIND_FLOAT && kind != MOLT_KIND_BOOL &&
                  kind != MOLT_KIND_ENUM))
        return became;
    const MoltType *is = molt_type(plan->after, owner);
    for (uint32_t n = 0; n < is->count; n++) {
        if (plan->matches[pair->match + n] != place->field)
            continue;
        const MoltType *type =
            molt_type(plan->after, plan->after->tables.fields[is->first + n].type);
        while (molt_kind_is_sequence(type->kind))
            type = molt_type(plan->after, type->elem);
        return type->kind == MOLT_KIND_POINTER ? type->elem : became;
    }
    return became;
}

/* Where an old address is in the new state. */
static uintptr_t new_address(const MoltHookQuestion *question, const MoltHookPlace *place,
                             MoltTypeId pointee, uintptr_t value)
{
    MoltMigration *m = question->m;
    MoltTypeId after = new_pointee(m, place, pointee);
    bool to_void = after != MOLT_NO_TYPE && molt_type(m->plan->after, after)->kind == MOLT_KIND_VOID;
    MoltOp op = {.code = MOLT__OP_POINTER,
                 .check = MOLT__NO_CHECK,
                 .before = pointee,
                 .after = after,
                 .pointee_ok = to_void || after == m->plan->types[pointee].after};
    const MoltHookCall *call = m->hooks->call;
    uintptr_t moved = 0;
    if (value == 0)
        return 0;
    if (value == call->old && pointee == call->op->before) /* also where a block became a part */
        return molt__hook_is_deleted(m, call->now) ? 0 : call->now;
    m->mode = MOLT__RUN_VALUE; /* what a rule says of it is for this hook, not for the report */
    m->value_lost = m->value_refused = false;
    bool there = after != MOLT_NO_TYPE && !molt__plan_keeps(m->plan, pointee);
    if (there)
        moved = molt__relocate(m, &op, value, 0);
    m->mode = MOLT__RUN_STATE;
    if (!there || m->value_refused)
        molt__hook_mistake(question, place, "read the old object with molt_old_follow",
                           "what it points at has no place in the new state");
    return molt__hook_is_deleted(m, moved) ? 0 : moved;
}

static void get_pointer(const MoltHookQuestion *question, const MoltHookPlace *place, bool function,
                        void *out)
{
    const MoltMigration *m = question->m;
    const MoltType *type = value_type(m, place);
    bool is_function = type->kind == MOLT_KIND_POINTER &&
                       molt_type(m->plan->before, type->elem)->kind == MOLT_KIND_FUNCTION;
    if (type->kind != MOLT_KIND_POINTER || is_function != function) {
        wrong_kind(question, place);
        return;
    }
    uintptr_t moved = new_address(question, place, type->elem, molt__hook_pointer(m, place));
    memcpy(out, &moved, sizeof moved);
}

/* ---- the API -------------------------------------------------------------------------------- */

static void answer(const MoltHookQuestion *question, MoltOldAsk what, const MoltHookPlace *place,
                   void *out)
{
    static const MoltNumberForm integer = {MOLT__SIGNED, 8, 0, 0},
                                natural = {MOLT__UNSIGNED, 8, 0, 0},
                                truth = {MOLT__BOOL, sizeof(bool), 0, 0},
                                real = {MOLT__FLOAT, sizeof(double), 0, 0};
    switch (what) {
    case MOLT__OLD_HAS: memcpy(out, &(bool){true}, sizeof(bool)); break;
    case MOLT__OLD_INT: get_number(question, place, integer, out); break;
    case MOLT__OLD_UINT: get_number(question, place, natural, out); break;
    case MOLT__OLD_BOOL: get_number(question, place, truth, out); break;
    case MOLT__OLD_DOUBLE: get_number(question, place, real, out); break;
    case MOLT__OLD_ENUM: get_enum(question, place, out); break;
    case MOLT__OLD_TEXT: get_text(question, place, out); break;
    case MOLT__OLD_COUNT: get_count(question, place, out); break;
    case MOLT__OLD_AT: get_object(question, place, out); break;
    case MOLT__OLD_FOLLOW: follow(question, place, out); break;
    case MOLT__OLD_POINTER: get_pointer(question, place, false, out); break;
    case MOLT__OLD_FUNCTION: get_pointer(question, place, true, out); break;
    default: break;
    }
}

static void view_get(const MoltOld *old, MoltOldAsk what, void *out, const char *path,
                     va_list arguments)
{
    const View *view = (const View *)old; /* NOLINT: its first member */
    char text[256] = "";
    if ((unsigned)what >= MOLT__OLD_ASK_COUNT)
        return;
    if (what == MOLT__OLD_AT) {
        const MoltOld *none = &nil;
        memcpy(out, &none, sizeof none);
    }
    int length = vsnprintf(text, sizeof text, path, arguments);
    MoltHookPlace place = {view->type, view->address, MOLT_NO_TYPE, MOLT__NO_FIELD};
    MoltHookQuestion question = {view->m, functions[what], text, what == MOLT__OLD_HAS};
    if (length < 0 || (size_t)length >= sizeof text)
        molt__hook_mistake(&question, &place, "go there in steps, with molt_old_at",
                           "the path is longer than %zu characters", sizeof text - 1);
    else if (molt__hook_path(&question, &place))
        answer(&question, what, &place, out);
}

static const void *view_bytes(const MoltOld *old, const char *name, uint64_t size, uint64_t layout)
{
    const View *view = (const View *)old; /* NOLINT: its first member */
    const MoltMigration *m = view->m;
    const MoltType *type = molt_type(m->plan->before, view->type);
    if (type->hash == layout && type->size == size) {
        molt__hook_note_whole(view->m, view->type, view->address);
        molt__hook_note_seen(view->m, view->type, view->address);
        return molt__hook_bytes(m, view->address);
    }
    char where[200], value[440];
    molt__hook_name(m, where, sizeof where);
    snprintf(value, sizeof value, "%.100s in %s", name, where);
    molt__hook_refuse(view->m,
                      &(MoltFinding){.severity = MOLT_REFUSE,
                                     .rule = MOLT_RULE_HOOK_MISMATCH,
                                     .path = molt_type_name(m->plan->before, view->type),
                                     .value = value,
                                     .remedy = "the live objects have another layout: make "
                                               "the header anew from the schema of the code "
                                               "that runs",
                                     .objects = 1});
    return NULL;
}

static void *view_now(const MoltOld *old)
{
    const View *view = (const View *)old; /* NOLINT: its first member */
    MoltHookPlace place = {view->type, view->address, MOLT_NO_TYPE, MOLT__NO_FIELD};
    MoltHookQuestion question = {view->m, "molt_old_now", "", false};
    return (void *)new_address(&question, &place, view->type,
                               view->address); /* NOLINT: of the new side */
}

static const char *view_type(const MoltOld *old)
{
    const View *view = (const View *)old; /* NOLINT: its first member */
    return molt_type_name(view->m->plan->before, view->type);
}

static void view_fail(const MoltOld *old, const char *format, va_list arguments)
{
    const View *view = (const View *)old; /* NOLINT: its first member */
    char where[200], what[240], value[480];
    molt__hook_name(view->m, where, sizeof where);
    vsnprintf(what, sizeof what, format, arguments);
    snprintf(value, sizeof value, "%s: %s", where, what);
    molt__hook_refuse(view->m, &(MoltFinding){.severity = MOLT_REFUSE,
                                              .rule = MOLT_RULE_HOOK_FAILED,
                                              .path = molt_type_name(view->m->plan->after,
                                                                     view->m->hooks->current_type),
                                              .value = value,
                                              .objects = 1});
}

static const MoltOldApi view_api = {sizeof view_api, API_VERSION, view_get, view_bytes,
                                    view_now,        view_type,   view_fail};

/* ---- the object after a mistake ------------------------------------------------------------- */

static void nil_get(const MoltOld *old, MoltOldAsk what, void *out, const char *path,
                    va_list arguments)
{
    const MoltOld *none = &nil;
    (void)old;
    (void)path;
    (void)arguments;
    if (what == MOLT__OLD_AT)
        memcpy(out, &none, sizeof none);
}

static const void *nil_bytes(const MoltOld *old, const char *name, uint64_t size, uint64_t layout)
{
    (void)old;
    (void)name;
    (void)size;
    (void)layout;
    return NULL;
}

static void *nil_now(const MoltOld *old)
{
    (void)old;
    return NULL;
}

static const char *nil_type(const MoltOld *old)
{
    (void)old;
    return "";
}

static void nil_fail(const MoltOld *old, const char *format, va_list arguments)
{
    (void)old;
    (void)format;
    (void)arguments;
}

static const MoltOldApi nil_api = {sizeof nil_api, API_VERSION, nil_get, nil_bytes,
                                   nil_now,        nil_type,    nil_fail};
