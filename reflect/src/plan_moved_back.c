/* Undoing an edit with MOLT_MOVED takes the note away with the field that has it, so only the old side
 * knows where the value came from. Within a session that is enough: what vanishes there goes on at the
 * place that the note names, if nothing else has a claim on that. */
#include <string.h>

#include "plan_emit.h"
#include "plan_trace.h"

/* A struct of the old object on the way from the struct that the search begins in. */
typedef struct Level {
    MoltTypeId before, after; /* after MOLT_NO_TYPE: it vanishes */
    uint64_t first;           /* bits from where the search begins */
    uint64_t copies;          /* more than 1: elements of arrays, of which the first counts */
    const struct Level *outer;
} Level;

typedef struct Search {
    MoltPlan *plan;
    const MoltEmitFrame *start;
    uint64_t wanted; /* bits from the new struct at which the search begins */
    uint64_t within; /* 0: the value there; else any value that begins in so many bits from there */
    MoltTypeId type; /* of the value there */
    uint64_t found;
    MoltEmitSource *out;
    MoltUnionTag *tag; /* what out->tag points at */
} Search;

/* The new field that an old one is by its name; MOLT__NO_FIELD when it vanishes. */
static uint32_t successor(const Search *search, const Level *level, uint32_t field)
{
    MoltPlan *plan = search->plan;
    if (level->after == MOLT_NO_TYPE)
        return MOLT__NO_FIELD;
    uint32_t pair = molt__plan_pair(plan, level->before, level->after);
    const MoltType *is = molt_type(plan->after, level->after);
    for (uint32_t f = 0; !plan->failed && f < is->count; f++) {
        if (plan->matches[plan->pairs[pair].match + f] == field)
            return is->first + f;
    }
    return MOLT__NO_FIELD;
}

static bool is_wanted(const Search *search, const MoltFieldPlace *place)
{
    uint64_t from = place->bit_offset - search->wanted;
    return search->within > 0 ? from < search->within : from == 0 && place->type == search->type;
}

/* The note, read from the struct that has it, names the place that is searched for. */
static bool leads_there(const Search *search, const Level *level, const char *path)
{
    const MoltPlan *plan = search->plan;
    MoltFieldPlace place;
    for (; level && *path == '^'; level = level->outer)
        path += path[1] == '.' ? 2 : 1;
    while (level && level->after == MOLT_NO_TYPE)
        level = level->outer;
    return level && !level->outer &&
           molt_schema_find_path(plan->after, search->start->after, path, &place) &&
           is_wanted(search, &place);
}

static void look_into(Search *search, const Level *level);

/* The struct that a field holds, be it in an array. */
static void look_deeper(Search *search, const Level *level, uint32_t f, uint32_t after)
{
    const MoltPlan *plan = search->plan;
    const MoltField *field = &plan->before->tables.fields[f];
    Level inner = {field->type, MOLT_NO_TYPE, level->first + field->bit_offset, level->copies,
                   level};
    while (molt_kind_is_sequence(molt_type(plan->before, inner.before)->kind)) {
        inner.copies *= molt_type(plan->before, inner.before)->length;
        inner.before = molt_type(plan->before, inner.before)->elem;
    }
    if (molt_type(plan->before, inner.before)->kind != MOLT_KIND_STRUCT)
        return;
    MoltTypeId is = after == MOLT__NO_FIELD ? MOLT_NO_TYPE : plan->after->tables.fields[after].type;
    while (is != MOLT_NO_TYPE && molt_kind_is_sequence(molt_type(plan->after, is)->kind))
        is = molt_type(plan->after, is)->elem;
    if (is != MOLT_NO_TYPE && molt__plan_same_type(plan, inner.before, is))
        inner.after = is;
    look_into(search, &inner);
}

/* Field `f` of a struct, or an arm of a union with a tag, vanishes and lies at its offset from `first`. */
static void look_at(Search *search, const Level *level, MoltTypeId holder, uint32_t f,
                    uint64_t first, const MoltUnionTag *tag)
{
    const MoltPlan *plan = search->plan;
    const MoltField *field = &plan->before->tables.fields[f];
    const char *path = molt__trace_moved(plan, MOLT__OLD, f);
    uint64_t at = search->start->source * 8 + first + field->bit_offset;
    uint64_t bits = field->flags & MOLT_FIELD_BITS ? field->bit_width
                                                   : molt_type(plan->before, field->type)->size * 8;
    if (!path || field->flags & MOLT_FIELD_TRANSIENT || !leads_there(search, level, path))
        return;
    /* The first of several places is the one, but not an arm, which may not be there. */
    bool better = search->found == 0 || (search->out->tag && !tag);
    search->found += level->copies;
    if (!better)
        return;
    *search->out = (MoltEmitSource){.frame = search->start,
                                    .type = field->type,
                                    .holder = holder,
                                    .field = f,
                                    .whole = true,
                                    .first = at,
                                    .end = at + bits};
    if (!tag)
        return;
    *search->tag = *tag;
    search->tag->offset += search->start->source + level->first / 8;
    search->out->tag = search->tag;
}

/* The arms of a union, whose notes are read from the struct that holds it. */
static void look_at_arms(Search *search, const Level *level, const MoltField *field)
{
    const MoltPlan *plan = search->plan;
    const MoltType *type = molt_type(plan->before, field->type);
    MoltUnionTag tag;
    if (!molt__union_tag(plan->before, molt_type(plan->before, level->before), field, &tag))
        return;
    for (uint32_t f = type->first; f < type->first + type->count; f++)
        look_at(search, level, field->type, f, level->first + field->bit_offset, &tag);
}

static void look_into(Search *search, const Level *level)
{
    const MoltPlan *plan = search->plan;
    const MoltType *was = molt_type(plan->before, level->before);
    for (uint32_t f = was->first; f < was->first + was->count && !plan->failed; f++) {
        const MoltField *field = &plan->before->tables.fields[f];
        uint32_t after = successor(search, level, f);
        if (after == MOLT__NO_FIELD) {
            look_at(search, level, level->before, f, level->first, NULL);
            look_at_arms(search, level, field);
        }
        look_deeper(search, level, f, after);
    }
}

/* Looks for the places that `search` wants, whose first bit is `first` of the new object, from the innermost
 * struct on that has any. */
static void search_back(MoltPlan *plan, uint64_t first, Search *search)
{
    if (!plan->moves_back)
        return;
    for (const MoltEmitFrame *frame = plan->frame; frame; frame = frame->outer) {
        if (frame->before == MOLT_NO_TYPE || frame->base != plan->base ||
            frame->base_depth != plan->base_depth || first < frame->destination * 8)
            continue;
        Level level = {frame->before, frame->after, 0, 1, NULL};
        search->start = frame;
        search->wanted = first - frame->destination * 8;
        look_into(search, &level);
        if (search->found > 0)
            return;
    }
}

/* The old value whose note names the place of a value of the new object: of several the first, because
 * that edit made them alike. Of the others that the code wrote since, the report tells that they go. */
static bool find_back(MoltPlan *plan, uint64_t first, MoltTypeId type, MoltEmitSource *out,
                      MoltUnionTag *tag)
{
    Search search = {.plan = plan, .type = type, .out = out, .tag = tag};
    search_back(plan, first, &search);
    return search.found == 1 || (search.found > 0 && !out->tag);
}

/* Whether a note names a place in so many bytes of the new object. */
static bool leads_into(MoltPlan *plan, uint64_t destination, uint64_t size)
{
    MoltEmitSource source;
    MoltUnionTag tag;
    Search search = {.plan = plan, .within = size * 8, .out = &source, .tag = &tag};
    search_back(plan, destination * 8, &search);
    return search.found > 0;
}

/* Objects whose tag selects another arm have nothing to give back. */
static void emit_from_arm(MoltPlan *plan, const MoltEmitSource *source, uint32_t field,
                          uint64_t destination)
{
    const MoltType *tags = molt_type(plan->before, source->tag->type);
    const MoltType *type = molt_type(plan->before, source->holder);
    uint32_t arms = molt__emit_body(plan, (MoltOp){.code = MOLT__OP_UNION,
                                                   .check = MOLT__NO_CHECK,
                                                   .tag = source->tag->offset,
                                                   .forms = {source->tag->form}});
    for (uint32_t e = tags->first; e <= tags->first + tags->count && !plan->failed; e++) {
        bool named = e < tags->first + tags->count;
        uint64_t value = named ? plan->before->tables.enumerators[e].value : 0;
        uint32_t body = molt__emit_body(plan, (MoltOp){.code = MOLT__OP_ARM,
                                                       .check = MOLT__NO_CHECK,
                                                       .tag = value,
                                                       .otherwise = !named});
        molt__emit_base(plan, 0, 0); /* what points into an arm is not followed out of it */
        if (named && molt__union_arm_of_value(plan->before, type, tags, value) == source->field)
            molt__emit_from(plan, source, plan->frame->after, field, destination);
        else
            molt__emit_plain_default(plan, &plan->after->tables.fields[field], destination);
        molt__emit_base_end(plan);
        molt__emit_body_end(plan, body);
    }
    molt__emit_body_end(plan, arms);
}

bool molt__emit_moved_back(MoltPlan *plan, uint32_t field, uint64_t destination)
{
    const MoltField *is = &plan->after->tables.fields[field];
    MoltEmitSource source;
    MoltUnionTag tag;
    if (is->flags & MOLT_FIELD_TRANSIENT ||
        !find_back(plan, destination * 8 + is->bit_offset, is->type, &source, &tag))
        return false;
    if (source.tag && plan->collecting) {
        molt__emit_arm_base(plan, source.field);
        molt__emit_take(plan, &source);
        molt__emit_base_end(plan);
    } else if (source.tag) {
        emit_from_arm(plan, &source, field, destination);
    } else {
        molt__emit_from(plan, &source, plan->frame->after, field, destination);
    }
    molt__emit_tell_moved(plan, &source, plan->frame->after, field);
    return true;
}

/* The old field that a place of the new struct, which is one of its fields, gets its value from. */
static uint32_t giver(const MoltPlan *plan, const MoltPair *pair, uint32_t place, const char *path)
{
    const MoltType *was = molt_type(plan->before, pair->before);
    const MoltType *is = molt_type(plan->after, pair->after);
    uint32_t from = plan->matches[pair->match + place - is->first];
    for (uint32_t f = was->first; from == MOLT__NO_FIELD && f < was->first + was->count; f++) {
        const char *known = molt__trace_moved(plan, MOLT__OLD, f);
        if (known && strcmp(known, path) == 0)
            from = f;
    }
    return from;
}

int64_t molt__emit_find_twin(const MoltPlan *plan, uint32_t pair_index, uint32_t field)
{
    const MoltPair *pair = &plan->pairs[pair_index];
    const MoltField *fields = plan->before->tables.fields;
    const char *path = plan->undoes ? molt__trace_moved(plan, MOLT__OLD, field) : NULL;
    MoltFieldPlace place;
    if (!path || !molt_schema_find_path(plan->after, pair->after, path, &place) ||
        place.holder != pair->after || path[strlen(path) - 1] == ']' || strchr(path, '['))
        return 0;
    uint32_t from = giver(plan, pair, place.field, path);
    if (from == MOLT__NO_FIELD || from == field || fields[from].type != fields[field].type ||
        (fields[from].flags | fields[field].flags) & (MOLT_FIELD_BITS | MOLT_FIELD_TRANSIENT))
        return 0;
    return (int64_t)(fields[from].bit_offset / 8) - (int64_t)(fields[field].bit_offset / 8);
}

/* An element that an old MOLT_MOVED names, or into which one leads. A loop's elements do not reach the struct
 * around it, so that one stands alone. */
static bool emit_returning(MoltPlan *plan, MoltTypeId elem, uint64_t destination)
{
    MoltEmitSource source;
    MoltUnionTag tag;
    if (find_back(plan, destination * 8, elem, &source, &tag) && !source.tag)
        molt__emit_element_from(plan, &source, elem, destination);
    else
        molt__emit_default(plan, elem, destination);
    return !plan->failed;
}

void molt__emit_default_elements(MoltPlan *plan, MoltTypeId elem, uint64_t destination,
                                 uint64_t count)
{
    uint64_t stride = molt_type(plan->after, elem)->size, run = 0;
    bool searched = count <= MOLT__UNROLLED && leads_into(plan, destination, count * stride);
    for (uint64_t i = 0; searched && i < count; i++) {
        if (!leads_into(plan, destination + i * stride, stride))
            continue;
        molt__emit_new_elements(plan, elem, destination + run * stride, i - run);
        if (!emit_returning(plan, elem, destination + i * stride))
            return;
        run = i + 1;
    }
    molt__emit_new_elements(plan, elem, destination + run * stride, count - run);
}
