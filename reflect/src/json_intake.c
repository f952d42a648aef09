#include "molt/json_intake.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == 'E' || c == '+' || c == '-' ||
           c == '.';
}

static bool in_object(const MoltJsonIntake *intake)
{
    uint32_t top = intake->depth - 1;
    return intake->depth > 0 && (intake->objects[top / 8] >> top % 8 & 1) != 0;
}

static bool enter(MoltJsonIntake *intake, bool object)
{
    uint32_t top = intake->depth;
    if (top == MOLT_INTAKE_DEPTH) {
        return false;
    }
    unsigned char bit = (unsigned char)(1u << top % 8);
    unsigned char others = (unsigned char)(intake->objects[top / 8] & ~bit);
    intake->objects[top / 8] = object ? (unsigned char)(others | bit) : others;
    intake->depth++;
    intake->state = object ? MOLT_INTAKE_KEYS : MOLT_INTAKE_FIRST;
    return true;
}

static bool leave(MoltJsonIntake *intake, bool object)
{
    if (intake->depth == 0 || in_object(intake) != object) {
        return false;
    }
    intake->depth--;
    intake->state = intake->depth > 0 ? MOLT_INTAKE_AFTER : MOLT_INTAKE_END;
    return true;
}

static bool begin_value(MoltJsonIntake *intake, char c)
{
    if (c == '{' || c == '[') {
        return enter(intake, c == '{');
    }
    if (c == ']') {
        return intake->state == MOLT_INTAKE_FIRST && leave(intake, false);
    }
    intake->key = false;
    intake->state = c == '"' ? MOLT_INTAKE_TEXT : MOLT_INTAKE_WORD;
    return c == '"' || is_word(c);
}

static bool begin_key(MoltJsonIntake *intake, char c)
{
    if (c == '}') {
        return intake->state == MOLT_INTAKE_KEYS && leave(intake, true);
    }
    intake->key = true;
    intake->state = MOLT_INTAKE_TEXT;
    return c == '"';
}

static bool go_on(MoltJsonIntake *intake, char c)
{
    if (c == ',' && intake->depth > 0) {
        intake->state = in_object(intake) ? MOLT_INTAKE_KEY : MOLT_INTAKE_VALUE;
        return true;
    }
    return (c == ']' || c == '}') && leave(intake, c == '}');
}

static bool in_text(MoltJsonIntake *intake, char c)
{
    if (intake->escaped) {
        intake->escaped = false;
    } else if (c == '\\') {
        intake->escaped = true;
    } else if (c == '"') {
        intake->state = intake->key         ? MOLT_INTAKE_COLON
                        : intake->depth > 0 ? MOLT_INTAKE_AFTER
                                            : MOLT_INTAKE_END;
    }
    return (unsigned char)c >= 0x20;
}

static bool take(MoltJsonIntake *intake, char c)
{
    if (intake->state == MOLT_INTAKE_TEXT) {
        return in_text(intake, c);
    }
    if (intake->state == MOLT_INTAKE_WORD) {
        if (is_word(c)) {
            return true;
        }
        intake->state = intake->depth > 0 ? MOLT_INTAKE_AFTER : MOLT_INTAKE_END;
    }
    if (is_space(c)) {
        return true;
    }
    switch (intake->state) {
    case MOLT_INTAKE_VALUE:
    case MOLT_INTAKE_FIRST: return begin_value(intake, c);
    case MOLT_INTAKE_KEY:
    case MOLT_INTAKE_KEYS: return begin_key(intake, c);
    case MOLT_INTAKE_COLON: intake->state = MOLT_INTAKE_VALUE; return c == ':';
    case MOLT_INTAKE_AFTER: return go_on(intake, c);
    default: return false;
    }
}

size_t molt_json_intake_take(MoltJsonIntake *intake, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!take(intake, text[i])) {
            return i + 1;
        }
    }
    return length;
}
