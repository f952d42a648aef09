#include "intake.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == 'E' || c == '+' || c == '-' ||
           c == '.';
}

static bool in_object(const MoltIntake *intake)
{
    uint32_t top = intake->depth - 1;
    return intake->depth > 0 && (intake->objects[top / 8] >> top % 8 & 1) != 0;
}

static bool enter(MoltIntake *intake, bool object)
{
    uint32_t top = intake->depth;
    if (top == MOLT__INTAKE_DEPTH) {
        return false;
    }
    unsigned char bit = (unsigned char)(1u << top % 8);
    unsigned char others = (unsigned char)(intake->objects[top / 8] & ~bit);
    intake->objects[top / 8] = object ? (unsigned char)(others | bit) : others;
    intake->depth++;
    intake->state = object ? MOLT__INTAKE_KEYS : MOLT__INTAKE_FIRST;
    return true;
}

static bool leave(MoltIntake *intake, bool object)
{
    if (intake->depth == 0 || in_object(intake) != object) {
        return false;
    }
    intake->depth--;
    intake->state = intake->depth > 0 ? MOLT__INTAKE_AFTER : MOLT__INTAKE_END;
    return true;
}

static bool begin_value(MoltIntake *intake, char c)
{
    if (c == '{' || c == '[') {
        return enter(intake, c == '{');
    }
    if (c == ']') {
        return intake->state == MOLT__INTAKE_FIRST && leave(intake, false);
    }
    intake->key = false;
    intake->state = c == '"' ? MOLT__INTAKE_TEXT : MOLT__INTAKE_WORD;
    return c == '"' || is_word(c);
}

static bool begin_key(MoltIntake *intake, char c)
{
    if (c == '}') {
        return intake->state == MOLT__INTAKE_KEYS && leave(intake, true);
    }
    intake->key = true;
    intake->state = MOLT__INTAKE_TEXT;
    return c == '"';
}

static bool go_on(MoltIntake *intake, char c)
{
    if (c == ',' && intake->depth > 0) {
        intake->state = in_object(intake) ? MOLT__INTAKE_KEY : MOLT__INTAKE_VALUE;
        return true;
    }
    return (c == ']' || c == '}') && leave(intake, c == '}');
}

static bool in_text(MoltIntake *intake, char c)
{
    if (intake->escaped) {
        intake->escaped = false;
    } else if (c == '\\') {
        intake->escaped = true;
    } else if (c == '"') {
        intake->state = intake->key         ? MOLT__INTAKE_COLON
                        : intake->depth > 0 ? MOLT__INTAKE_AFTER
                                            : MOLT__INTAKE_END;
    }
    return (unsigned char)c >= 0x20;
}

static bool take(MoltIntake *intake, char c)
{
    if (intake->state == MOLT__INTAKE_TEXT) {
        return in_text(intake, c);
    }
    if (intake->state == MOLT__INTAKE_WORD) {
        if (is_word(c)) {
            return true;
        }
        intake->state = intake->depth > 0 ? MOLT__INTAKE_AFTER : MOLT__INTAKE_END;
    }
    if (is_space(c)) {
        return true;
    }
    switch (intake->state) {
    case MOLT__INTAKE_VALUE:
    case MOLT__INTAKE_FIRST: return begin_value(intake, c);
    case MOLT__INTAKE_KEY:
    case MOLT__INTAKE_KEYS: return begin_key(intake, c);
    case MOLT__INTAKE_COLON: intake->state = MOLT__INTAKE_VALUE; return c == ':';
    case MOLT__INTAKE_AFTER: return go_on(intake, c);
    default: return false;
    }
}

size_t molt__intake_json(MoltIntake *intake, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!take(intake, text[i])) {
            return i + 1;
        }
    }
    return length;
}
