/* What settles a finding between two schemas: in words that can be followed to the letter, because there is
 * no running game whose values could be changed first. Each way is enough. Where no annotation settles it the
 * only way is to keep what was. */
#include <stdio.h>
#include <string.h>

#include "foresight.h"
#include "molt/rename_guess.h"

typedef struct Words {
    char *buffer;
    size_t size;
    const MoltPlan *plan;
    const MoltCheck *check;
    const char *names; /* of enumerators, ", " between them; or NULL */
} Words;

static void way(const Words *words, const char *text)
{
    size_t used = strlen(words->buffer);
    snprintf(words->buffer + used, words->size - used, "%s%s", used > 0 ? ", or " : "", text);
}

/* "A, B" as arguments of an annotation: "\"A\", \"B\"". */
static void quote(const char *names, char *buffer, size_t size)
{
    size_t used = 0;
    for (const char *name = names; *name != '\0' && used < size;) {
        size_t length = strcspn(name, ",");
        int more = snprintf(buffer + used, size - used, "%s\"%.*s\"", used > 0 ? ", " : "",
                            (int)length, name);
        used += more > 0 ? (size_t)more : 0;
        name += length;
        name += strspn(name, ", ");
    }
}

/* ---- fields ------------------------------------------------------------------------------------ */

/* Where MOLT_REMOVED belongs, as the new declarations have it: behind the struct that had the field, of an
 * arm of a union without a name behind the struct around it. */
static void write_holder(const Words *words, char *buffer, size_t size)
{
    const MoltSchema *after = words->plan->after;
    MoltTypeId id = words->check->type_after;
    if (id == MOLT_NO_TYPE) {
        snprintf(buffer, size, "the } of any struct");
        return;
    }
    const MoltType *type = molt_type(after, id);
    const char *name = molt_type_name(after, id), *inner = strstr(name, "::");
    bool unnamed = type->kind == MOLT_KIND_UNION && inner;
    if (type->flags & MOLT_TYPE_GLOBALS && type->kind == MOLT_KIND_STRUCT)
        snprintf(buffer, size, "the } of any struct");
    else if (unnamed && inner[2] == '<')
        snprintf(buffer, size, "the } of %.*s", (int)(inner - name), name);
    else
        snprintf(buffer, size, "the } of %s", name);
}

/* The name by which annotations know the old field: a variable's is a full one, and a union without a name
 * is its members. */
static void write_old_name(const Words *words, char *buffer, size_t size)
{
    const MoltSchema *before = words->plan->before;
    const MoltField *field = &before->tables.fields[words->check->before];
    const char *name = molt_string(before, field->name);
    MoltTypeId holder = words->check->type_before;
    bool variable = holder != MOLT_NO_TYPE &&
                    molt_type(before, holder)->flags & MOLT_TYPE_GLOBALS &&
                    molt_type(before, holder)->kind == MOLT_KIND_STRUCT;
    const char *comma = name[0] == '<' ? name + 1 : NULL;
    if (!comma) {
        snprintf(buffer, size, "\"%s%s\"", variable && !strchr(name, ':') ? ":" : "", name);
        return;
    }
    char members[240];
    snprintf(members, sizeof members, "%s", comma);
    members[strcspn(members, ">")] = '\0';
    quote(members, buffer, size);
}

static void field_ways(const Words *words, MoltRule rule)
{
    char name[300], holder[300], text[900];
    MoltVanished vanished;
    const MoltCheck *check = words->check;
    if (check->before == MOLT__NO_FIELD) {
        way(words, "keep what is gone");
        return;
    }
    write_old_name(words, name, sizeof name);
    write_holder(words, holder, sizeof holder);
    if (rule == MOLT_RULE_POSSIBLE_RENAME &&
        molt_plan_guess(words->plan, check->type_before, check->type_after, check->before,
                        &vanished)) {
        char guesses[160];
        size_t used = 0;
        for (uint32_t g = 0; g < vanished.count && used < sizeof guesses; g++)
            used += (size_t)snprintf(
                guesses + used, sizeof guesses - used, "%s%s", g > 0 ? ", " : "",
                molt_string(words->plan->after,
                            words->plan->after->tables.fields[vanished.guesses[g].field].name));
        snprintf(text, sizeof text,
                 "if it was renamed (%s) annotate the new field with MOLT_WAS(%s)", guesses, name);
        way(words, text);
    } else {
        way(words, "keep the field");
        snprintf(text, sizeof text, "annotate its successor with MOLT_WAS(%s)", name);
        if (!strchr(name, ','))
            way(words, text);
    }
    if (rule != MOLT_RULE_POSSIBLE_RENAME && check->move_into != MOLT__NO_FIELD) {
        const MoltTables *new = &words->plan->after->tables;
        snprintf(text, sizeof text, "if it moved annotate %s.%s with MOLT_MOVED(\"^.%s\")",
                 molt_string(words->plan->after, new->fields[check->move_into].name),
                 molt_string(words->plan->after, new->fields[check->move_to].name),
                 molt_string(words->plan->before,
                             words->plan->before->tables.fields[check->before].name));
        way(words, text);
    }
    snprintf(text, sizeof text, "let it go with MOLT_REMOVED(%s) after %s", name, holder);
    way(words, text);
}

/* ---- enums ------------------------------------------------------------------------------------- */

static const MoltType *enum_of(const MoltSchema *schema, uint32_t field)
{
    if (field == MOLT__NO_FIELD)
        return NULL;
    const MoltType *type = molt_type(schema, schema->tables.fields[field].type);
    while (molt_kind_is_sequence(type->kind))
        type = molt_type(schema, type->elem);
    return type->kind == MOLT_KIND_ENUM ? type : NULL;
}

static bool has_fallback(const MoltSchema *schema, const MoltType *type)
{
    for (uint32_t e = type->first; e < type->first + type->count; e++)
        if (schema->tables.enumerators[e].flags & MOLT_ENUMERATOR_FALLBACK)
            return true;
    return false;
}

static void enumerator_ways(const Words *words, bool flags)
{
    char list[400], text[900];
    const MoltType *is = enum_of(words->plan->after, words->check->after);
    if (!words->names || !is) {
        way(words, "keep the type of the number");
        return;
    }
    bool several = strchr(words->names, ',') != NULL;
    const char *name = molt_string(words->plan->after, is->name);
    quote(words->names, list, sizeof list);
    way(words, several ? "keep them" : flags ? "keep the flag" : "keep the enumerator");
    snprintf(text, sizeof text,
             several ? "annotate the successor of each with MOLT_WAS"
                     : "annotate its successor with MOLT_WAS(%s)",
             list);
    way(words, text);
    if (flags || has_fallback(words->plan->after, is))
        snprintf(text, sizeof text, "let %s go with MOLT_REMOVED(%s) after the } of %s",
                 several ? "them" : "it", list, name);
    else
        snprintf(text, sizeof text,
                 "annotate one that takes its place with MOLT_FALLBACK and put MOLT_REMOVED(%s) "
                 "after the } "
                 "of %s",
                 list, name);
    way(words, text);
}

/* ---- unions ------------------------------------------------------------------------------------ */

static void arm_ways(const Words *words, MoltSeverity severity)
{
    char name[300], holder[300], text[900];
    way(words, "keep the arm");
    if (words->check->before == MOLT__NO_FIELD)
        return;
    write_old_name(words, name, sizeof name);
    write_holder(words, holder, sizeof holder);
    snprintf(text, sizeof text, "annotate its successor with MOLT_WAS(%s)", name);
    way(words, text);
    snprintf(text, sizeof text, "let it go with MOLT_REMOVED(%s) after %s", name, holder);
    if (severity != MOLT_REFUSE)
        way(words, text);
}

static void arm_place_ways(const Words *words)
{
    char text[300];
    way(words, "put the arm at the place of its enumerator");
    snprintf(text, sizeof text, "annotate the arm with MOLT_ARM(%s)",
             words->names ? words->names : "");
    if (words->names)
        way(words, text);
}

/* ---- pointers ---------------------------------------------------------------------------------- */

static MoltTypeId pointee(const MoltSchema *schema, uint32_t field)
{
    MoltTypeId id = field == MOLT__NO_FIELD ? MOLT_NO_TYPE : schema->tables.fields[field].type;
    while (id != MOLT_NO_TYPE && (molt_kind_is_sequence(molt_type(schema, id)->kind) ||
                                  molt_type(schema, id)->kind == MOLT_KIND_POINTER))
        id = molt_type(schema, id)->elem;
    return id;
}

/* Only a struct that is gone can have become another one, which must be new. */
static void pointer_ways(const Words *words)
{
    const MoltPlan *plan = words->plan;
    MoltTypeId was = pointee(plan->before, words->check->before);
    MoltTypeId is = pointee(plan->after, words->check->after);
    char text[900];
    way(words, "keep what the pointer is declared to lead to");
    if (was == MOLT_NO_TYPE || is == MOLT_NO_TYPE || plan->types[was].after != MOLT_NO_TYPE ||
        plan->origins[is] != MOLT_NO_TYPE ||
        molt_type(plan->before, was)->kind != molt_type(plan->after, is)->kind ||
        (molt_type(plan->after, is)->kind != MOLT_KIND_STRUCT &&
         molt_type(plan->after, is)->kind != MOLT_KIND_UNION))
        return;
    snprintf(text, sizeof text, "if it was renamed annotate %s with MOLT_WAS(\"%s\")",
             molt_type_name(plan->after, is), molt_type_name(plan->before, was));
    way(words, text);
}

/* ---- all rules --------------------------------------------------------------------------------- */

static const char convert[] = "annotate the field with MOLT_CONVERT";

static void convert_ways(const Words *words, const char *keep, const char *first,
                         const char *second)
{
    char text[128];
    way(words, keep);
    snprintf(text, sizeof text, "%s(%s)", convert, first);
    way(words, text);
    snprintf(text, sizeof text, "%s(%s)", convert, second ? second : "");
    if (second)
        way(words, text);
}

static void kept_ways(const Words *words, MoltRule rule)
{
    switch (rule) {
    case MOLT_RULE_ENUM_RENUMBERED: way(words, "keep these names on one value"); return;
    case MOLT_RULE_ENUM_NO_ROOM:
        way(words, "give the field bits enough for the new values");
        return;
    case MOLT_RULE_ENUM_UNNAMED: way(words, "keep the type of the number"); return;
    case MOLT_RULE_ALIAS_LOST:
        way(words, "keep the pointer, because something else may point at the block");
        return;
    case MOLT_RULE_SIGNATURE_CHANGED: way(words, "keep the signature"); return;
    case MOLT_RULE_SHAPE_CHANGED:
    case MOLT_RULE_KIND_CHANGED:
        way(words, "keep the field as it was and add the new one under another name");
        break;
    case MOLT_RULE_UNION_CHANGED:
        way(words, "keep the union as it was and add a field beside it");
        break;
    case MOLT_RULE_VERSION_CHANGED: way(words, "keep the number of MOLT_VERSION"); break;
    default: return;
    }
    const MoltCheck *check = words->check;
    MoltTypeId holder = check->type_after;
    char text[400];
    if (holder == MOLT_NO_TYPE || molt_type(words->plan->after, holder)->kind != MOLT_KIND_STRUCT ||
        molt_type(words->plan->after, holder)->flags & MOLT_TYPE_GLOBALS)
        return;
    snprintf(text, sizeof text, "say in a hook what it becomes, MOLT_MIGRATE(%s)",
             molt_type_name(words->plan->after, holder));
    way(words, text);
}

void molt__foresee_remedy(const MoltPlan *plan, const MoltCheck *check, MoltRule rule,
                          MoltSeverity severity, const char *names, char *buffer, size_t size)
{
    const Words words = {buffer, size, plan, check, names};
    char indexed[400];
    buffer[0] = '\0';
    switch (rule) {
    case MOLT_RULE_FIELD_REMOVED:
    case MOLT_RULE_POSSIBLE_RENAME: field_ways(&words, rule); break;
    case MOLT_RULE_NUMBER_OUT_OF_RANGE:
        convert_ways(&words, "keep a type that has room", "saturate", NULL);
        break;
    case MOLT_RULE_NUMBER_ROUNDED:
        convert_ways(&words, "keep a type that holds every value", "round", NULL);
        break;
    case MOLT_RULE_NUMBER_FRACTION:
        convert_ways(&words, "keep the floating type", "trunc", "round");
        break;
    case MOLT_RULE_BOOL_COLLAPSED: convert_ways(&words, "keep the number", "saturate", NULL); break;
    case MOLT_RULE_ELEMENTS_DROPPED:
        convert_ways(&words,
                     molt__plan_index_keeps(plan, words.check->before, words.check->after, indexed,
                                            sizeof indexed)
                         ? indexed
                         : "keep the length",
                     "truncate", NULL);
        break;
    case MOLT_RULE_STRING_TRUNCATED:
        convert_ways(&words, "keep room for the text", "truncate", NULL);
        break;
    case MOLT_RULE_ENUMERATOR_REMOVED: enumerator_ways(&words, false); break;
    case MOLT_RULE_FLAG_REMOVED: enumerator_ways(&words, true); break;
    case MOLT_RULE_UNION_ARM_REMOVED: arm_ways(&words, severity); break;
    case MOLT_RULE_UNION_ARM_CHANGED: arm_place_ways(&words); break;
    case MOLT_RULE_POINTEE_CHANGED: pointer_ways(&words); break;
    default: kept_ways(&words, rule); break;
    }
}

void molt__foresee_remedy_of_type(const MoltPlan *plan, MoltTypeId id, char *buffer, size_t size)
{
    const MoltType *type = molt_type(plan->before, id);
    const char *name = molt_type_name(plan->before, id);
    const char *word = molt__removal_prefix(type);
    if (word[0] ==
        '\0') /* pointers, numbers, arrays: nothing takes their place under another name */
        snprintf(
            buffer, size,
            "keep what allocates them, or let them go with MOLT_REMOVED(\"%s\") after the } of any "
            "struct",
            name);
    else
        snprintf(buffer, size,
                 "keep it, or annotate its successor with MOLT_WAS(\"%.120s\"), or let its objects "
                 "go with "
                 "MOLT_REMOVED(\"%s%.120s\") after the } of any struct",
                 name, word, name);
}

void molt__foresee_remedy_of_variable(const char *name, char *buffer, size_t size)
{
    const char *prefix = strchr(name, ':') ? "" : ":";
    snprintf(buffer, size,
             "keep the variable, or annotate its successor with MOLT_WAS(\"%s%.120s\"), or let it "
             "go with "
             "MOLT_REMOVED(\"%s%.120s\") after the } of any struct",
             prefix, name, prefix, name);
}
