#include <stdio.h>
#include <string.h>

#include "molt/rename_guess.h"
#include "plan_ops.h"

static const MoltCheck no_place = {MOLT_NO_TYPE,   MOLT_NO_TYPE,   MOLT__NO_FIELD, MOLT__NO_FIELD,
                                   MOLT__NO_FIELD, MOLT__NO_FIELD, 0};

uint32_t molt__check_allowed_by(MoltRule rule)
{
    switch (rule) {
    case MOLT_RULE_NUMBER_OUT_OF_RANGE:
    case MOLT_RULE_BOOL_COLLAPSED: return MOLT__ALLOW_SATURATE;
    case MOLT_RULE_NUMBER_FRACTION: return MOLT__ALLOW_FRACTION;
    case MOLT_RULE_NUMBER_ROUNDED: return MOLT__ALLOW_ROUND | MOLT__ALLOW_SATURATE;
    case MOLT_RULE_ELEMENTS_DROPPED:
    case MOLT_RULE_STRING_TRUNCATED: return MOLT__ALLOW_TRUNCATE;
    case MOLT_RULE_FIELD_REMOVED:
    case MOLT_RULE_POSSIBLE_RENAME:
    case MOLT_RULE_UNION_ARM_REMOVED: return MOLT__ALLOW_REMOVAL;
    default: return 0;
    }
}

MoltRule molt__number_rule(MoltNumberLoss loss)
{
    static const MoltRule rules[] = {[MOLT__OUT_OF_RANGE] = MOLT_RULE_NUMBER_OUT_OF_RANGE,
                                     [MOLT__ROUNDED] = MOLT_RULE_NUMBER_ROUNDED,
                                     [MOLT__FRACTION] = MOLT_RULE_NUMBER_FRACTION,
                                     [MOLT__NAN] = MOLT_RULE_NUMBER_NAN,
                                     [MOLT__COLLAPSED] = MOLT_RULE_BOOL_COLLAPSED};
    return rules[loss];
}

static bool guess(const MoltPlan *plan, const MoltCheck *check, MoltVanished *out)
{
    return check->before != MOLT__NO_FIELD && check->after == MOLT__NO_FIELD &&
           molt_plan_guess(plan, check->type_before, check->type_after, check->before, out);
}

MoltRule molt__check_refine(const MoltPlan *plan, uint32_t index, MoltRule rule)
{
    MoltVanished vanished;
    bool renamed = rule == MOLT_RULE_FIELD_REMOVED && index != MOLT__NO_CHECK &&
                   guess(plan, &plan->checks[index], &vanished);
    return renamed ? MOLT_RULE_POSSIBLE_RENAME : rule;
}

/* The added fields that the removed one may have become, with the evidence: never a guess at which. */
static void write_candidates(const MoltPlan *plan, const MoltCheck *check, char *buffer,
                             size_t size)
{
    MoltVanished vanished;
    char text[192];
    const char *name = molt_string(plan->before, plan->before->tables.fields[check->before].name);
    if (!guess(plan, check, &vanished))
        return;
    molt_rename_guess_text(plan, &vanished.guesses[0], text, sizeof text);
    int used = vanished.likely
                   ? snprintf(buffer, size,
                              "it looks renamed to %s: annotate that with MOLT_WAS(\"%s\")", text, name)
                   : snprintf(buffer, size,
                              "if it was renamed, annotate the new field with MOLT_WAS(\"%s\"): %s",
                              name, text);
    for (uint32_t g = 1; !vanished.likely && g < vanished.count && used > 0 && (size_t)used < size;
         g++) {
        molt_rename_guess_text(plan, &vanished.guesses[g], text, sizeof text);
        used += snprintf(buffer + used, size - (size_t)used, ", %s", text);
    }
}

static void write_possible_move(const MoltPlan *plan, const MoltCheck *check, char *buffer,
                                size_t size)
{
    if (check->move_into == MOLT__NO_FIELD)
        return;
    const char *was = molt_string(plan->before, plan->before->tables.fields[check->before].name);
    const char *into = molt_string(plan->after, plan->after->tables.fields[check->move_into].name);
    const char *is = molt_string(plan->after, plan->after->tables.fields[check->move_to].name);
    snprintf(buffer, size,
             "possible move %s -> %s.%s: annotate %s with MOLT_MOVED(\"^.%s\") if it is one", was,
             into, is, is, was);
}

/* What the old pointers lead to is something that could have been renamed. */
static bool has_name(const MoltPlan *plan, const MoltCheck *check)
{
    const MoltType *type = NULL;
    if (check->before != MOLT__NO_FIELD)
        type = molt_type(plan->before, plan->before->tables.fields[check->before].type);
    while (type && (type->kind == MOLT_KIND_POINTER || type->kind == MOLT_KIND_ATOMIC ||
                    molt_kind_is_sequence(type->kind)))
        type = molt_type(plan->before, type->elem);
    return !type || type->kind == MOLT_KIND_STRUCT || type->kind == MOLT_KIND_UNION ||
           type->kind == MOLT_KIND_ENUM || type->kind == MOLT_KIND_OPAQUE;
}

/* A field's enum that was none becomes a set of flags. */
static bool becomes_flags(const MoltPlan *plan, const MoltCheck *check)
{
    if (check->before == MOLT__NO_FIELD || check->after == MOLT__NO_FIELD)
        return false;
    const MoltType *was = molt_type(plan->before, plan->before->tables.fields[check->before].type);
    const MoltType *is = molt_type(plan->after, plan->after->tables.fields[check->after].type);
    while (molt_kind_is_sequence(was->kind))
        was = molt_type(plan->before, was->elem);
    while (molt_kind_is_sequence(is->kind))
        is = molt_type(plan->after, is->elem);
    return was->kind == MOLT_KIND_ENUM && is->kind == MOLT_KIND_ENUM &&
           !(was->flags & MOLT_TYPE_FLAGS) && is->flags & MOLT_TYPE_FLAGS;
}

static void write_remedy(const MoltPlan *plan, const MoltCheck *check, MoltRule rule, char *buffer,
                         size_t size)
{
    char indexed[400];
    const char *text = NULL;
    switch (rule) {
    case MOLT_RULE_FIELD_REMOVED:
        write_possible_move(plan, check, buffer, size);
        if (buffer[0] == '\0' && check->before != MOLT__NO_FIELD) {
            text = molt_string(plan->before, plan->before->tables.fields[check->before].name);
            snprintf(buffer, size,
                     "keep the field, name it on its successor with MOLT_WAS(\"%s\"), read it in a "
                     "hook, or let it go with MOLT_REMOVED(\"%s\") on the struct",
                     text, text);
        }
        return;
    case MOLT_RULE_POSSIBLE_RENAME: write_candidates(plan, check, buffer, size); return;
    case MOLT_RULE_NUMBER_OUT_OF_RANGE:
        text = "keep a wider type, or annotate the field with MOLT_CONVERT(saturate)";
        break;
    case MOLT_RULE_NUMBER_ROUNDED:
        text =
            "keep a type that holds these values, or annotate the field with MOLT_CONVERT(round)";
        break;
    case MOLT_RULE_NUMBER_FRACTION:
        text = "annotate the field with MOLT_CONVERT(trunc) or MOLT_CONVERT(round)";
        break;
    case MOLT_RULE_BOOL_COLLAPSED:
        text =
            "keep the number, make the values 0 and 1 before the edit, or annotate the field with "
            "MOLT_CONVERT(saturate)";
        break;
    case MOLT_RULE_FLAG_REMOVED:
        text = "keep the flag, or name it on its successor with MOLT_WAS(\"old\"); give bits without a "
               "name an enumerator before the edit, or clear them";
        break;
    case MOLT_RULE_NUMBER_NAN:
        text = "give the field a number first, or keep the floating type";
        break;
    case MOLT_RULE_ENUMERATOR_REMOVED:
        text = "keep the enumerator, name its successor with MOLT_WAS(\"old\"), or mark one with "
               "MOLT_FALLBACK";
        break;
    case MOLT_RULE_ENUM_NO_ROOM: text = "give the field bits enough for the new values"; break;
    case MOLT_RULE_ENUM_RENUMBERED:
        text = "keep these names on one value, or store the one you mean before the edit";
        break;
    case MOLT_RULE_ENUM_UNNAMED:
        text = becomes_flags(plan, check)
                   ? "give the enum its MOLT_FLAGS in an edit of its own, before its bits move, or "
                     "add an enumerator with this value"
                   : "add an enumerator with this value, or keep the number type";
        break;
    case MOLT_RULE_ELEMENTS_DROPPED:
        if (molt__plan_index_keeps(plan, check->before, check->after, indexed, sizeof indexed)) {
            snprintf(buffer, size, "%s, or annotate the field with MOLT_CONVERT(truncate)",
                     indexed);
            return;
        }
        text = "keep the array's length, or annotate the field with MOLT_CONVERT(truncate)";
        break;
    case MOLT_RULE_STRING_CONVERTED:
        text = "let the struct become a block of its own in an edit before this one";
        break;
    case MOLT_RULE_STRING_TRUNCATED:
        text = "make room for the text, or annotate the field with MOLT_CONVERT(truncate)";
        break;
    case MOLT_RULE_SHAPE_CHANGED:
    case MOLT_RULE_KIND_CHANGED:
    case MOLT_RULE_UNION_CHANGED:
        text = "no rule says how the old value becomes the new one: add the new field beside the old "
               "one under another name, fill it in code, and remove the old one in a later edit; or "
               "write a hook";
        if (molt__plan_index_unclear(plan, check->before, check->after))
            text = "nothing says which dimension MOLT_INDEX means, before and after: write the size of "
                   "the same one with the enum's enumerators, and the others without them; or let the "
                   "enum keep its values in the edit that changes this; or write a hook";
        break;
    case MOLT_RULE_UNION_ARM_REMOVED:
        text =
            "keep the arm, name its old name on its successor with MOLT_WAS(\"old\"), or give the "
            "objects another arm before the edit";
        break;
    case MOLT_RULE_UNION_ARM_CHANGED:
        text = "arms belong to enumerators by place: put the arm where its enumerator is, or name "
               "the enumerator with MOLT_ARM(ENUMERATOR)";
        break;
    case MOLT_RULE_UNION_UNSELECTED:
        text = "nothing says which arm these bytes are: give the tag a value that has an arm";
        break;
    case MOLT_RULE_ALIAS_LOST:
        text =
            "what becomes part of one object can have no other pointer to it: keep the pointer, or "
            "clear the others before the edit";
        break;
    case MOLT_RULE_POINTEE_CHANGED:
        text = has_name(plan, check)
                   ? "set these pointers to NULL before the edit; if a struct was only renamed, "
                     "annotate "
                     "it with MOLT_WAS(\"old\")"
                   : "set these pointers to NULL before the edit, or keep their type";
        break;
    case MOLT_RULE_SIGNATURE_CHANGED:
        text = plan->policy == MOLT_POLICY_LIVE && !plan->nulls_functions
                   ? "keep the signature, or set these pointers to NULL before the edit; "
                     "--missing-functions null does"
                   : "keep the signature, or set these pointers to NULL before the edit";
        break;
    case MOLT_RULE_TARGET_REMOVED:
        text = "keep the field or element that is pointed at, or clear the pointer before the edit";
        break;
    case MOLT_RULE_TARGET_AMBIGUOUS:
        text =
            "it follows the object; where the first member is meant, or to settle it, declare the "
            "pointer with the type of what it means";
        break;
    case MOLT_RULE_TYPE_MISSING:
        text = "keep the struct, or name its successor's old name with MOLT_WAS(\"old\")";
        break;
    case MOLT_RULE_HOOK_MISSING:
        text = "the new code has a hook for this struct: give the library that holds it, or "
               "migrate in "
               "the host";
        break;
    case MOLT_RULE_VERSION_CHANGED:
        text = "what the values mean has changed: say how in a hook, MOLT_MIGRATE";
        break;
    case MOLT_RULE_FUNCTION_MISSING:
        text = plan->policy == MOLT_POLICY_LIVE && !plan->nulls_functions
                   ? "keep the function under its name, or change what is stored before the edit; "
                     "--missing-functions null makes it NULL"
                   : "keep the function under its name, or change what is stored before the edit";
        break;
    case MOLT_RULE_DATA_MISSING:
        text = "store an index instead of its address, or keep the constant under its name, with "
               "its size and layout";
        break;
    case MOLT_RULE_CONSTANT_COPIED:
        text = "keep the row until nothing points at it, or let it go: a copy is on the heap";
        break;
    case MOLT_RULE_CONSTANT_SHIFTED:
        text = "say what the rows are: designate them with enumerators, [SWORD] = {...}, or annotate "
               "the table with MOLT_INDEX(Enum)";
        break;
    case MOLT_RULE_UNKNOWN_TARGET:
        text =
            "move the object into a block or an array of its own type, in end_reload() of a save "
            "before the edit; annotate the field with MOLT_EXTERNAL only when what it points at "
            "is not the game's";
        break;
    default: return;
    }
    snprintf(buffer, size, "%s", text);
}

/* What becomes of the values that a loss took. */
static void add_fate(MoltLossFate fate, char *remedy, size_t size)
{
    static const char *const words[] = {
        [MOLT__LOSS_KEPT] = "the old values are kept and return when their field does",
        [MOLT__LOSS_NULL] = "it is NULL until the function returns",
        [MOLT__LOSS_GONE] = "not all of the old values return when the edit is undone",
        [MOLT__LOSS_FOR_GOOD] = "the old values are lost for good"};
    size_t length = strlen(remedy);
    if (words[fate])
        snprintf(remedy + length, size - length, "%s%s", length > 0 ? "; " : "", words[fate]);
}

void molt__check_report(const MoltPlan *plan, uint32_t index, const MoltFinding *finding,
                        MoltLossFate fate, MoltReport *report)
{
    const MoltCheck *check = index == MOLT__NO_CHECK ? &no_place : &plan->checks[index];
    const MoltTables *old = &plan->before->tables, *new = &plan->after->tables;
    char path[512] = "root", before[512] = "", after[512] = "", remedy[512] = "";
    if (check->after != MOLT__NO_FIELD)
        molt__field_path(plan->after, check->type_after, check->after, path, sizeof path);
    else if (check->before != MOLT__NO_FIELD)
        molt__field_path(plan->before, check->type_before, check->before, path, sizeof path);
    else if (check->type_before != MOLT_NO_TYPE)
        snprintf(path, sizeof path, "%s", molt_type_name(plan->before, check->type_before));
    if (check->before != MOLT__NO_FIELD)
        molt_schema_declare(plan->before, &old->fields[check->before], before, sizeof before);
    if (check->after != MOLT__NO_FIELD)
        molt_schema_declare(plan->after, &new->fields[check->after], after, sizeof after);
    if (finding->remedy)
        snprintf(remedy, sizeof remedy, "%s", finding->remedy);
    else if (finding->severity != MOLT_INFO)
        write_remedy(plan, check, finding->rule, remedy, sizeof remedy);
    add_fate(fate, remedy, sizeof remedy);
    MoltFinding full = *finding;
    full.path = path;
    full.before = before[0] ? before : NULL;
    full.after = after[0] ? after : NULL;
    full.remedy = remedy[0] ? remedy : NULL;
    molt_report_add(report, &full);
}
