#include "snapshot_findings.h"

#include <string.h>

/* Under the policy that takes losses only an option keeps a function that is gone from being NULL. */
static const char *remedy_of(MoltRule rule, bool could_be_null)
{
    switch (rule) {
    case MOLT_RULE_FOREIGN_POINTER:
        return "annotate the field MOLT_EXTERNAL if the host or a library owns what it points at, "
               "and "
               "set it again after a load";
    case MOLT_RULE_DANGLING_POINTER: return "set the pointer to NULL where you free the object";
    case MOLT_RULE_FUNCTION_MISSING:
        return could_be_null
                   ? "keep the function under its name; --missing-functions null makes it NULL"
                   : "keep the function under its name";
    case MOLT_RULE_DATA_MISSING:
        return "keep the constant under its name, its size and its content, or store an index";
    case MOLT_RULE_CONSTANT_UNCHECKED:
        return "where the constant has changed since the text was written, see what the pointer means "
               "now; a save of the game tells it from then on";
    case MOLT_RULE_UNKNOWN_TARGET:
        return "allocate what has pointers under its own type, outside of unions";
    case MOLT_RULE_UNTYPED_MEMORY:
        return "say MOLT_POOL(T) on the field or variable that has the block's address, or name "
               "the type "
               "where it is allocated (sizeof(T), or a pointer to T that takes it)";
    case MOLT_RULE_ADDRESS_IN_BYTES:
        return "declare what the bytes hold, a pointer or an array of the type, or clear them "
               "before the save";
    default: return NULL;
    }
}

MoltFileFinding *molt__file_find(MoltFileFindings *findings, MoltRule rule, MoltSeverity severity,
                                 const void *place, uint64_t object)
{
    if (severity == MOLT_LOSS && findings->policy == MOLT_POLICY_STRICT)
        severity = MOLT_REFUSE;
    findings->refused = findings->refused || severity == MOLT_REFUSE;
    for (uint32_t i = 0; i < findings->count; i++) {
        MoltFileFinding *known = &findings->items[i];
        if (known->rule != rule || known->place != place)
            continue;
        known->objects += known->last != object;
        known->last = object;
        return NULL;
    }
    if (findings->count == findings->slots) {
        uint32_t slots = findings->slots ? findings->slots * 2 : 8;
        MoltFileFinding *items =
            findings->allocator.resize(findings->allocator.context, findings->items,
                                       findings->slots * sizeof *items, slots * sizeof *items);
        findings->failed = findings->failed || !items;
        if (!items)
            return NULL;
        findings->items = items;
        findings->slots = slots;
    }
    MoltFileFinding *item = &findings->items[findings->count++];
    memset(item, 0, sizeof *item);
    item->rule = (uint8_t)rule;
    item->severity = (uint8_t)severity;
    item->place = place;
    item->objects = 1;
    item->last = object;
    return item;
}

MoltStatus molt__file_findings_report(MoltFileFindings *findings, MoltReport *report,
                                      MoltError *error)
{
    MoltStatus status = MOLT_OK;
    for (uint32_t i = 0; i < findings->count; i++) {
        const MoltFileFinding *item = &findings->items[i];
        bool could_be_null = item->severity == MOLT_REFUSE && findings->policy == MOLT_POLICY_LIVE;
        const MoltFinding finding = {.severity = (MoltSeverity)item->severity,
                                     .rule = (MoltRule)item->rule,
                                     .path = item->path,
                                     .before = item->declaration[0] ? item->declaration : NULL,
                                     .after = item->declaration[0] ? item->declaration : NULL,
                                     .value = item->value,
                                     .remedy = remedy_of((MoltRule)item->rule, could_be_null),
                                     .objects = item->objects};
        molt_report_add(report, &finding);
        if (item->severity == MOLT_REFUSE && status == MOLT_OK) {
            char text[900];
            molt_finding_text(&finding, text, sizeof text);
            status = molt_error(error, MOLT_REFUSED, "%s", text);
        }
    }
    if (findings->failed && status == MOLT_OK)
        status = molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to note what was found.");
    molt__file_findings_free(findings);
    return status;
}

void molt__file_findings_free(MoltFileFindings *findings)
{
    if (findings->items)
        findings->allocator.resize(findings->allocator.context, findings->items,
                                   findings->slots * sizeof *findings->items, 0);
    findings->items = NULL;
    findings->count = findings->slots = 0;
}
