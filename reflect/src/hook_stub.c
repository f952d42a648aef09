#include "hook_stub.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { STUB_SIZE = 4096, STUB_TAIL = 128, PATH_SIZE = 160 };

typedef struct Stub {
    const MoltPlan *plan;
    char text[STUB_SIZE];
    size_t length;
    bool full;   /* the field at hand does not fit */
    bool asleep; /* it is a comment, to be woken by hand */
    bool lossy;  /* the rules make a value of each old one */
} Stub;

__attribute__((format(printf, 3, 4))) static void add(Stub *stub, unsigned depth,
                                                      const char *format, ...)
{
    size_t room = STUB_SIZE - STUB_TAIL - stub->length;
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    const char *mark = stub->asleep ? "    // " : "";
    unsigned indent = stub->asleep && depth > 0 ? depth - 1 : depth;
    if (length < 0 || (size_t)length >= sizeof line ||
        (size_t)length + strlen(mark) + indent * 4 >= room) {
        stub->full = true;
        return;
    }
    stub->length +=
        (size_t)sprintf(stub->text + stub->length, "%s%*s%s", mark, (int)indent * 4, "", line);
}

/* ---- one value ------------------------------------------------------------------------------ */

/* Where a value is: "m[%d][%d]" with the indices i0, i1 for the accessors, "m[i0][i1]" in C. */
typedef struct Place {
    char path[PATH_SIZE], code[PATH_SIZE], name[PATH_SIZE];
    unsigned indices, depth; /* loops around it; levels of indentation */
} Place;

static Place member(const Place *place, const char *name)
{
    Place inner = *place;
    const char *dot = place->path[0] ? "." : "";
    snprintf(inner.path, PATH_SIZE, "%.100s%s%.50s", place->path, dot, name);
    snprintf(inner.code, PATH_SIZE, "%.100s%s%.50s", place->code, dot, name);
    snprintf(inner.name, PATH_SIZE, "%.100s_%.50s", place->name, name);
    return inner;
}

static Place element(const Place *place)
{
    Place inner = *place;
    snprintf(inner.path, PATH_SIZE, "%.150s[%%d]", place->path);
    snprintf(inner.code, PATH_SIZE, "%.140s[i%u]", place->code, place->indices);
    inner.indices++;
    inner.depth++;
    return inner;
}

static void open_loop(Stub *stub, const Place *place, uint64_t length)
{
    add(stub, place->depth, "for (int i%u = 0; i%u < %llu; i%u++) {\n", place->indices,
        place->indices, (unsigned long long)length, place->indices);
}

static void close_loop(Stub *stub, const Place *place)
{
    add(stub, place->depth, "}\n");
}

static void read_as(Stub *stub, const Place *place, const char *type, const char *function)
{
    char indices[64] = "";
    size_t used = 0;
    for (unsigned i = 0; i < place->indices && used < sizeof indices - 8; i++)
        used += (size_t)snprintf(indices + used, sizeof indices - used, ", i%u", i);
    add(stub, place->depth, "%s%s = molt_old_%s(old, \"%s\"%s);\n", type, place->name, function,
        place->path, indices);
    add(stub, place->depth, "(void)%s;\n", place->name);
}

static void read_pointer(Stub *stub, const Place *place, const MoltType *type)
{
    const MoltType *pointee = molt_type(stub->plan->before, type->elem);
    if (pointee->flags & MOLT_TYPE_CHAR)
        read_as(stub, place, "const char *", "text");
    else if (pointee->kind == MOLT_KIND_STRUCT || pointee->kind == MOLT_KIND_UNION)
        read_as(stub, place, "const MoltOld *", "follow");
    else
        read_as(stub, place, "uint64_t ", "count");
}

/* More than an accessor gives: what does not fit in 64 bits is no mistake here. */
static void read_wide(Stub *stub, const Place *place)
{
    read_as(stub, place, "const MoltOld *", "at");
    add(stub, place->depth,
        "/* %s: has more bits than molt_old_int or molt_old_double give; see "
        "molt_old_struct */\n",
        place->name);
}

/* Reads a value of the old layout into a variable. */
static void read_value(Stub *stub, MoltTypeId id, const Place *place)
{
    const MoltSchema *schema = stub->plan->before;
    const MoltType *type = molt_type(schema, molt_value_type(schema, id));
    if (stub->full)
        return;
    switch (type->kind) {
    case MOLT_KIND_BOOL: read_as(stub, place, "bool ", "bool"); break;
    case MOLT_KIND_INT:
        if (type->size > 8)
            read_wide(stub, place);
        else if (type->flags & MOLT_TYPE_SIGNED)
            read_as(stub, place, "int64_t ", "int");
        else
            read_as(stub, place, "uint64_t ", "uint");
        break;
    case MOLT_KIND_FLOAT:
        if (type->size > 8)
            read_wide(stub, place);
        else
            read_as(stub, place, "double ", "double");
        break;
    case MOLT_KIND_ENUM: read_as(stub, place, "const char *", "enum"); break;
    case MOLT_KIND_POINTER: read_pointer(stub, place, type); break;
    case MOLT_KIND_STRUCT:
        for (uint32_t f = 0; f < type->count; f++) {
            const MoltField *field = &schema->tables.fields[type->first + f];
            Place inner = member(place, molt_string(schema, field->name));
            if (molt_string(schema, field->name)[0] != '<')
                read_value(stub, field->type, &inner);
        }
        break;
    case MOLT_KIND_ARRAY:
    case MOLT_KIND_VECTOR:
    case MOLT_KIND_COMPLEX:
        if (molt_type(schema, type->elem)->flags & MOLT_TYPE_CHAR) {
            read_as(stub, place, "const char *", "text");
        } else if (type->flags & MOLT_TYPE_FLEXIBLE) {
            read_as(stub, place, "uint64_t ", "count");
        } else {
            Place inner = element(place);
            open_loop(stub, place, type->length);
            read_value(stub, type->elem, &inner);
            close_loop(stub, place);
        }
        break;
    default: read_as(stub, place, "const MoltOld *", "at"); break;
    }
}

/* An annotation gives it a value. */
static bool has_source(const MoltPlan *plan, const MoltField *field)
{
    static const MoltNoteKind kinds[] = {MOLT_NOTE_DEFAULT, MOLT_NOTE_MOVED};
    bool has = false;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        has = has || molt_schema_note(plan->after, field->note_first, field->note_count, kinds[k]);
    return has;
}

/* Assigns a value of the new layout. */
static void assign_value(Stub *stub, MoltTypeId id, const Place *place)
{
    const MoltSchema *schema = stub->plan->after;
    const MoltType *type = molt_type(schema, molt_value_type(schema, id));
    if (stub->full)
        return;
    switch (type->kind) {
    case MOLT_KIND_BOOL: add(stub, place->depth, "now->%s = false;\n", place->code); break;
    case MOLT_KIND_POINTER: add(stub, place->depth, "now->%s = NULL;\n", place->code); break;
    case MOLT_KIND_INT:
    case MOLT_KIND_FLOAT:
    case MOLT_KIND_COMPLEX:
    case MOLT_KIND_ENUM: add(stub, place->depth, "now->%s = 0;\n", place->code); break;
    case MOLT_KIND_STRUCT:
        for (uint32_t f = 0; f < type->count; f++) {
            const MoltField *field = &schema->tables.fields[type->first + f];
            Place inner = member(place, molt_string(schema, field->name));
            if (molt_string(schema, field->name)[0] != '<' && !has_source(stub->plan, field))
                assign_value(stub, field->type, &inner);
        }
        break;
    case MOLT_KIND_ARRAY:
    case MOLT_KIND_VECTOR:
        if (molt_type(schema, type->elem)->flags & MOLT_TYPE_CHAR && type->length > 0) {
            add(stub, place->depth, "now->%s[0] = '\\0';\n", place->code);
        } else if (type->length > 0) {
            Place inner = element(place);
            open_loop(stub, place, type->length);
            assign_value(stub, type->elem, &inner);
            close_loop(stub, place);
        }
        break;
    default: add(stub, place->depth, "/* now->%s */\n", place->code); break;
    }
}

/* ---- the fields ----------------------------------------------------------------------------- */

/* The struct whose fields are at hand: the hook's own, or one without a name inside of it, of which the
 * hook's accessors and C name the members all the same. */
typedef struct Within {
    Place old, now;
} Within;

/* A group, called after its members in <>, is no name on the way to them. */
static Place place_in(const Place *outer, const MoltSchema *schema, uint32_t index)
{
    const char *name = molt_string(schema, schema->tables.fields[index].name);
    return name[0] == '<' ? *outer : member(outer, name);
}

/* What does not fit is left out as a whole. */
static void end_field(Stub *stub, size_t before)
{
    if (!stub->full)
        return;
    stub->length = before;
    stub->text[before] = '\0';
}

/* Under the strict policy a loss refuses as much as anything. */
static bool is_awake(const Stub *stub, MoltStubNeed need)
{
    return need > MOLT__STUB_LOSS ||
           (need == MOLT__STUB_LOSS && stub->plan->policy == MOLT_POLICY_STRICT);
}

static bool is_group(const MoltSchema *schema, const MoltField *field)
{
    return molt_string(schema, field->name)[0] == '<';
}

/* Members of a group: of a union the first number stands for all, for they are read and written together. */
static void add_group(Stub *stub, const MoltSchema *schema, const MoltField *field,
                      const Place *outer, bool old)
{
    const MoltType *type = molt_type(schema, field->type);
    bool is_union = type->kind == MOLT_KIND_UNION;
    uint32_t chosen = type->first;
    for (uint32_t f = type->first + type->count; is_union && f-- > type->first;) {
        const MoltField *arm = &schema->tables.fields[f];
        if (molt__plan_is_number(molt_type(schema, molt_value_type(schema, arm->type))))
            chosen = f;
    }
    for (uint32_t f = type->first; f < type->first + type->count; f++) {
        const MoltField *item = &schema->tables.fields[f];
        Place place = place_in(outer, schema, f);
        uint16_t kind = molt_type(schema, molt_value_type(schema, item->type))->kind;
        if (is_union && f != chosen)
            continue;
        if (is_group(schema, item))
            add_group(stub, schema, item, outer, old);
        else if (old && is_union && (kind == MOLT_KIND_POINTER || molt_kind_is_sequence(kind)))
            read_as(stub, &place, "const MoltOld *", "at"); /* what a union holds is not known */
        else if (old)
            read_value(stub, item->type, &place);
        else
            assign_value(stub, item->type, &place);
    }
}

/* `needed`: the rules refuse it. */
static void add_field(Stub *stub, const MoltSchema *schema, uint32_t index, const Place *outer,
                      bool old, bool needed)
{
    const MoltField *field = &schema->tables.fields[index];
    char declared[200];
    Place place = place_in(outer, schema, index);
    size_t before = stub->length;
    if (stub->full || (is_group(schema, field) && !needed))
        return;
    molt_schema_declare(schema, field, declared, sizeof declared);
    add(stub, outer->depth, "/* %s: %s */\n", old ? "before" : "now", declared);
    stub->asleep = !needed;
    if (is_group(schema, field))
        add_group(stub, schema, field, outer, old);
    else if (old)
        read_value(stub, field->type, &place);
    else
        assign_value(stub, field->type, &place);
    stub->asleep = false;
    end_field(stub, before);
}

static bool goes_on(const MoltSchema *after, const MoltType *is, const char *name)
{
    for (uint32_t e = is->first; e < is->first + is->count; e++) {
        const MoltEnumerator *item = &after->tables.enumerators[e];
        if (strcmp(molt_string(after, item->name), name) == 0)
            return true;
        for (uint32_t n = item->note_first; n < item->note_first + item->note_count; n++) {
            const MoltNote *note = &after->tables.notes[n];
            if (note->kind == MOLT_NOTE_WAS && strcmp(molt_string(after, note->text), name) == 0)
                return true;
        }
    }
    return false;
}

/* Assigns only in place of the enumerators that are gone. */
static void replace_gone(Stub *stub, MoltTypeId before, MoltTypeId after, const Place *place,
                         const char *code)
{
    const MoltSchema *old = stub->plan->before, *new = stub->plan->after;
    const MoltType *was = molt_type(old, molt_value_type(old, before));
    const MoltType *is = molt_type(new, molt_value_type(new, after));
    if (was->kind == MOLT_KIND_ARRAY && is->kind == MOLT_KIND_ARRAY && is->length > 0 &&
        was->length > 0) {
        Place inner = element(place), target = *place;
        snprintf(target.code, PATH_SIZE, "%.150s", code);
        target = element(&target);
        open_loop(stub, place, was->length < is->length ? was->length : is->length);
        replace_gone(stub, was->elem, is->elem, &inner, target.code);
        close_loop(stub, place);
        return;
    }
    bool named = was->kind == MOLT_KIND_ENUM && is->kind == MOLT_KIND_ENUM;
    read_value(stub, before, place);
    if (stub->lossy)
        add(stub, place->depth,
            "/* now->%s has what the rules make of it: here it may become something else */\n", code);
    else if (!named)
        add(stub, place->depth,
            "/* now->%s has what the rules make of it; where they refuse, nothing */\n", code);
    if (!named)
        return;
    for (uint32_t e = was->first; e < was->first + was->count; e++) {
        const char *name = molt_string(old, old->tables.enumerators[e].name);
        if (goes_on(new, is, name))
            continue;
        add(stub, place->depth, "if (%s && __builtin_strcmp(%s, \"%s\") == 0)\n", place->name,
            place->name, name);
        add(stub, place->depth + 1, "now->%s = 0;\n", code);
    }
}

/* A field of both layouts of which the rules carry some values over, and refuse or alter others. */
static void add_partly(Stub *stub, const Within *in, uint32_t before, uint32_t after,
                       MoltStubNeed need)
{
    const MoltField *was = &stub->plan->before->tables.fields[before];
    const MoltField *is = &stub->plan->after->tables.fields[after];
    Place place = place_in(&in->old, stub->plan->before, before);
    Place now = place_in(&in->now, stub->plan->after, after);
    char declared[200], declares[200];
    size_t length = stub->length;
    if (is_group(stub->plan->before, was) || is_group(stub->plan->after, is) || stub->full)
        return;
    molt_schema_declare(stub->plan->before, was, declared, sizeof declared);
    molt_schema_declare(stub->plan->after, is, declares, sizeof declares);
    add(stub, place.depth, "/* before: %s, now: %s */\n", declared, declares);
    stub->asleep = !is_awake(stub, need);
    stub->lossy = need == MOLT__STUB_LOSS;
    replace_gone(stub, was->type, is->type, &place, now.code);
    stub->asleep = stub->lossy = false;
    end_field(stub, length);
}

static bool is_matched(const MoltPlan *plan, const MoltPair *pair, uint32_t before)
{
    const MoltType *is = molt_type(plan->after, pair->after);
    for (uint32_t f = 0; f < is->count; f++) {
        if (plan->matches[pair->match + f] == before)
            return true;
    }
    return false;
}

/* ---- structs without a name ------------------------------------------------------------------ */

/* What has no name of its own is named after its owner and field, "T::inner"; so is what is inside. */
static bool is_nameless(const MoltSchema *schema, MoltTypeId id)
{
    return strstr(molt_type_name(schema, id), "::") != NULL;
}

/* The fields are structs without a name, or arrays of such: what the hook has to do about their members it
 * does through the field. */
static const MoltPair *pair_inside(const MoltPlan *plan, uint32_t before, uint32_t after)
{
    const MoltSchema *old = plan->before, *new = plan->after;
    MoltTypeId was = molt_value_type(old, old->tables.fields[before].type);
    MoltTypeId is = molt_value_type(new, new->tables.fields[after].type);
    while (molt_type(old, was)->kind == MOLT_KIND_ARRAY &&
           molt_type(new, is)->kind == MOLT_KIND_ARRAY) {
        was = molt_value_type(old, molt_type(old, was)->elem);
        is = molt_value_type(new, molt_type(new, is)->elem);
    }
    bool both = molt_type(old, was)->kind == MOLT_KIND_STRUCT &&
                molt_type(new, is)->kind == MOLT_KIND_STRUCT;
    return both && is_nameless(old, was) && is_nameless(new, is)
               ? molt__plan_find_pair(plan, was, is)
               : NULL;
}

/* Something in the pair's structs, or in those without a name inside of them, is to be done. */
static bool has_needs(const Stub *stub, const MoltPair *pair, MoltStubWants *wants,
                      const void *context)
{
    const MoltPlan *plan = stub->plan;
    const MoltType *was = molt_type(plan->before, pair->before);
    const MoltType *is = molt_type(plan->after, pair->after);
    bool has = false;
    for (uint32_t f = was->first; f < was->first + was->count && !has; f++)
        has = wants(context, f, MOLT__NO_FIELD) != MOLT__STUB_NOTHING;
    for (uint32_t f = 0; f < is->count && !has; f++) {
        uint32_t from = plan->matches[pair->match + f];
        const MoltPair *inner =
            from != MOLT__NO_FIELD ? pair_inside(plan, from, is->first + f) : NULL;
        has = wants(context, MOLT__NO_FIELD, is->first + f) != MOLT__STUB_NOTHING ||
              (inner && has_needs(stub, inner, wants, context));
    }
    return has;
}

static void add_fields(Stub *stub, const MoltPair *pair, const Within *in, MoltStubWants *wants,
                       const void *context);

/* A loop for each dimension of the arrays on the way, over the elements that both sides have. */
static void add_inside(Stub *stub, const MoltPair *pair, MoltTypeId before, MoltTypeId after,
                       const Within *in, MoltStubWants *wants, const void *context)
{
    const MoltType *was = molt_type(stub->plan->before, molt_value_type(stub->plan->before, before));
    const MoltType *is = molt_type(stub->plan->after, molt_value_type(stub->plan->after, after));
    if (was->kind != MOLT_KIND_ARRAY) {
        add_fields(stub, pair, in, wants, context);
        return;
    }
    Within inner = {element(&in->old), element(&in->now)};
    if (was->flags & is->flags & MOLT_TYPE_FLEXIBLE)
        add(stub, in->old.depth,
            "for (int i%u = 0; i%u < (int)molt_old_count(old, \"%s\"); i%u++) {\n", in->old.indices,
            in->old.indices, in->old.path, in->old.indices);
    else
        open_loop(stub, &in->old, was->length < is->length ? was->length : is->length);
    add_inside(stub, pair, was->elem, is->elem, &inner, wants, context);
    close_loop(stub, &in->old);
}

static void add_nameless(Stub *stub, const Within *in, uint32_t before, uint32_t after,
                         MoltStubWants *wants, const void *context)
{
    const MoltPlan *plan = stub->plan;
    const MoltPair *pair = pair_inside(plan, before, after);
    Within inner = {place_in(&in->old, plan->before, before),
                    place_in(&in->now, plan->after, after)};
    size_t length = stub->length;
    if (stub->full || !pair || !wants || !has_needs(stub, pair, wants, context))
        return;
    add_inside(stub, pair, plan->before->tables.fields[before].type,
               plan->after->tables.fields[after].type, &inner, wants, context);
    end_field(stub, length);
}

static void add_fields(Stub *stub, const MoltPair *pair, const Within *in, MoltStubWants *wants,
                       const void *context)
{
    const MoltPlan *plan = stub->plan;
    const MoltType *was = molt_type(plan->before, pair->before);
    const MoltType *is = molt_type(plan->after, pair->after);
    for (uint32_t f = was->first; f < was->first + was->count; f++) {
        MoltStubNeed need = wants ? wants(context, f, MOLT__NO_FIELD) : MOLT__STUB_NOTHING;
        bool matched = is_matched(plan, pair, f);
        if (!matched || need == MOLT__STUB_ALL)
            add_field(stub, plan->before, f, &in->old, true, is_awake(stub, need));
        if (!matched && need == MOLT__STUB_LOSS && is_awake(stub, need))
            add(stub, in->old.depth,
                "/* it goes with this edit: give it to a field of now, or let it go */\n");
    }
    for (uint32_t f = 0; f < is->count; f++) {
        const MoltField *field = &plan->after->tables.fields[is->first + f];
        uint32_t from = plan->matches[pair->match + f];
        MoltStubNeed need =
            wants ? wants(context, MOLT__NO_FIELD, is->first + f) : MOLT__STUB_NOTHING;
        if (from != MOLT__NO_FIELD && (need == MOLT__STUB_SOME || need == MOLT__STUB_LOSS))
            add_partly(stub, in, from, is->first + f, need);
        else if (need == MOLT__STUB_ALL || (from == MOLT__NO_FIELD && !has_source(plan, field)))
            add_field(stub, plan->after, is->first + f, &in->now, false,
                      need == MOLT__STUB_ALL || field->flags & MOLT_FIELD_REQUIRED);
        else if (from != MOLT__NO_FIELD)
            add_nameless(stub, in, from, is->first + f, wants, context);
    }
}

/* As the sources spell the struct; NULL when they do not, as far as the schema knows. */
static const char *spelling_of(const MoltSchema *schema, MoltTypeId id)
{
    for (uint32_t s = 0; s < schema->tables.spelling_count; s++) {
        const MoltSpelling *spelling = &schema->tables.spellings[s];
        const char *text = molt_string(schema, spelling->text), *colon = strrchr(text, ':');
        if (spelling->type == id)
            return colon ? colon + 1 : text; /* "ground.c:Cell" */
    }
    return NULL;
}

/* The pair of the struct around one without a name, in which a hook finds it; itself where it has one. */
static const MoltPair *named_around(const MoltPlan *plan, MoltTypeId before, MoltTypeId after)
{
    char was[512], is[512];
    snprintf(was, sizeof was, "%s", molt_type_name(plan->before, before));
    snprintf(is, sizeof is, "%s", molt_type_name(plan->after, after));
    while (!spelling_of(plan->after, after) && strstr(is, "::")) {
        char *old = NULL, *new = NULL;
        for (char *at = was; (at = strstr(at, "::")); at += 2)
            old = at;
        for (char *at = is; (at = strstr(at, "::")); at += 2)
            new = at;
        if (!old || !new)
            return NULL;
        *old = *new = '\0';
        before = molt_schema_find(plan->before, was);
        after = molt_schema_find(plan->after, is);
        if (before == MOLT_NO_TYPE || after == MOLT_NO_TYPE)
            return NULL;
    }
    return molt__plan_find_pair(plan, before, after);
}

void molt__hook_stub(const MoltPlan *plan, MoltTypeId before, MoltTypeId after,
                     MoltStubWants *wants, const void *context, MoltReport *report)
{
    const MoltPair *pair = named_around(plan, before, after);
    Stub stub = {.plan = plan};
    if (!pair || (pair->after != after &&
                  (!wants || !molt__plan_could_hook(plan, pair->before, pair->after) ||
                   !has_needs(&stub, pair, wants, context))))
        return;
    const char *spelled = spelling_of(plan->after, pair->after),
               *type = molt_type_name(plan->after, pair->after);
    const char *name = spelled ? spelled : strrchr(type, ':') ? strrchr(type, ':') + 1 : type;
    const Within whole = {{.name = "old", .depth = 1}, {.name = "new", .depth = 1}};
    add(&stub, 0, "#include <molt/hook.h>\n\n");
    add(&stub, 0, "MOLT_MIGRATE(%s)(const MoltOld *old, %s *now)\n{\n", name, name);
    add_fields(&stub, pair, &whole, wants, context);
    snprintf(stub.text + stub.length, STUB_TAIL,
             "%s    (void)old;\n    (void)now;\n    return true;\n}\n",
             stub.full ? "    /* and so on for the other fields */\n" : "");
    molt_report_add_stub(report, type, stub.text);
}
