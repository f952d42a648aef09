#include "molt/usage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FNV_BASE UINT64_C(0xcbf29ce484222325) /* FNV-1a of 64 bits: Fowler, Noll, Vo */
#define FNV_PRIME UINT64_C(0x100000001b3)

static uint64_t mix(uint64_t hash, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * FNV_PRIME;
    return hash;
}

uint64_t molt_usage_member(const char *type, const char *member)
{
    uint64_t hash = mix(FNV_BASE, type, strlen(type) + 1);
    return mix(hash, member, strlen(member));
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

uint32_t molt_usage_line(const char *text, size_t length, const char *member)
{
    uint64_t hash = FNV_BASE;
    size_t name = strlen(member);
    for (size_t at = 0; at < length;) {
        size_t end = at + 1;
        if (is_word(text[at]))
            while (end < length && is_word(text[end]))
                end++;
        bool blank = text[at] == ' ' || text[at] == '\t' || text[at] == '\r';
        bool named = end - at == name && memcmp(text + at, member, name) == 0;
        if (named)
            hash = mix(hash, "", 1); /* a place of its own, whatever stands there */
        else if (!blank)
            hash = mix(hash, text + at, end - at);
        at = end;
    }
    return (uint32_t)(hash ^ hash >> 32);
}

/* The uses of one member: [first, end). */
static uint32_t find(const MoltUsage *usage, uint64_t member, uint32_t *end)
{
    uint32_t low = 0, high = usage ? usage->count : 0;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (usage->uses[middle].member < member)
            low = middle + 1;
        else
            high = middle;
    }
    for (*end = low; usage && *end < usage->count && usage->uses[*end].member == member;)
        ++*end;
    return low;
}

static const char *function_of(const MoltUsage *usage, uint32_t index)
{
    return usage->text + usage->uses[index].function;
}

static uint32_t count_functions(const MoltUsage *usage, uint32_t first, uint32_t end)
{
    uint32_t count = 0;
    for (uint32_t i = first; i < end; i++)
        count += i == first || strcmp(function_of(usage, i), function_of(usage, i - 1)) != 0;
    return count;
}

/* First use that is in another function. */
static uint32_t next_function(const MoltUsage *usage, uint32_t index, uint32_t end)
{
    uint32_t next = index + 1;
    while (next < end && strcmp(function_of(usage, next), function_of(usage, index)) == 0)
        next++;
    return next;
}

static uint32_t count_same(const MoltUsage *before, uint32_t b, uint32_t b_end,
                           const MoltUsage *after, uint32_t a, uint32_t a_end)
{
    uint32_t same = 0;
    while (b < b_end && a < a_end) {
        uint32_t was = before->uses[b].line, is = after->uses[a].line;
        same += was == is;
        b += was <= is;
        a += is <= was;
    }
    return same;
}

static void name_function(MoltLikeness *out, const char *name)
{
    enum { SHOWN = 2 };
    size_t used = strlen(out->where);
    if (out->functions <= SHOWN && name[0])
        snprintf(out->where + used, sizeof out->where - used, "%s%.40s", used > 0 ? ", " : "", name);
}

MoltLikeness molt_usage_compare(const MoltUsage *before, uint64_t was, const MoltUsage *after,
                                uint64_t is)
{
    MoltLikeness out = {0};
    uint32_t b_end, a_end;
    uint32_t b = find(before, was, &b_end), a = find(after, is, &a_end);
    out.before = b_end - b;
    out.after = a_end - a;
    if (out.before == 0 || out.after == 0)
        return out;
    uint32_t was_in = count_functions(before, b, b_end), is_in = count_functions(after, a, a_end);
    while (b < b_end && a < a_end) {
        uint32_t b_next = next_function(before, b, b_end), a_next = next_function(after, a, a_end);
        int order = strcmp(function_of(before, b), function_of(after, a));
        if (order == 0) {
            out.functions++;
            out.same += count_same(before, b, b_next, after, a, a_next);
            name_function(&out, function_of(before, b));
        }
        b = order <= 0 ? b_next : b;
        a = order >= 0 ? a_next : a;
    }
    if (out.functions > 2) {
        size_t used = strlen(out.where);
        snprintf(out.where + used, sizeof out.where - used, " and %u more", out.functions - 2);
    }
    /* A line says more than a function, in which most members of a struct may be used. */
    uint32_t most = out.before > out.after ? out.before : out.after;
    uint32_t wide = was_in > is_in ? was_in : is_in;
    out.percent = (300 * out.same + 100 * out.functions) / (3 * most + wide);
    return out;
}

/* ---- reading --------------------------------------------------------------------------------- */

void molt_usage_free(MoltUsage *usage)
{
    if (usage) {
        free(usage->uses);
        free(usage->text);
        free(usage);
    }
}

/* Cuts one line, which ends with a NUL, into its words and takes it. */
static bool take_line(MoltUsage *usage, char *line)
{
    char *words[4] = {line}, *end = NULL;
    for (int w = 1; w < 4; w++) {
        words[w] = strchr(words[w - 1], '\t');
        if (!words[w])
            return false;
        *words[w]++ = '\0';
    }
    unsigned long number = strtoul(words[3], &end, 10);
    MoltUse use = {molt_usage_member(words[0], words[1]), (uint32_t)(words[2] - usage->text),
                   (uint32_t)number};
    bool sorted = usage->count == 0 || usage->uses[usage->count - 1].member <= use.member;
    usage->uses[usage->count++] = use;
    return sorted && end != words[3] && !*end && number <= UINT32_MAX;
}

MoltStatus molt_usage_from_text(const char *text, size_t length, MoltUsage **out, MoltError *error)
{
    const size_t head = sizeof MOLT_USAGE_HEAD - 1;
    if (length < head || memcmp(text, MOLT_USAGE_HEAD, head) != 0 || length > UINT32_MAX - 1)
        return molt_error(error, MOLT_INVALID, "this is no usage file of this version of Molt");
    size_t lines = 0;
    for (size_t i = head; i < length; i++)
        lines += text[i] == '\n';
    MoltUsage *usage = calloc(1, sizeof *usage);
    if (!usage || !(usage->text = malloc(length + 1)) ||
        !(usage->uses = calloc(lines + 1, sizeof *usage->uses))) {
        molt_usage_free(usage);
        return molt_error(error, MOLT_OUT_OF_MEMORY, "no memory for a usage file");
    }
    memcpy(usage->text, text, length);
    usage->text[length] = '\0';
    unsigned number = 1;
    for (char *line = usage->text + head, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        number++;
        if (!take_line(usage, line)) {
            molt_usage_free(usage);
            return molt_error(error, MOLT_INVALID, "line %u of the usage file is damaged", number);
        }
    }
    *out = usage;
    return MOLT_OK;
}
