#include "report_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BEFORE " in the version that saved it, and save again"

/* The first one that fits counts. None has a character that JSON writes otherwise. */
static const struct {
    const char *session, *file;
} phrases[] = {
    {", in end_reload() of a save before the edit", BEFORE},
    {" in end_reload(), in a save before the edit", BEFORE},
    {", in a save before the edit", BEFORE},
    {" before the edit", BEFORE},
    {" in a later edit", " in a later version"},
    {" in an edit of its own", " in a version of its own"},
    {" refuses this edit", " refuses this"},
    {" refuse this edit", " refuse this"},
};
enum { PHRASES = sizeof phrases / sizeof phrases[0] };

static void write_words(const char *text, FILE *out)
{
    while (*text != '\0') {
        size_t found = 0;
        while (found < PHRASES &&
               strncmp(text, phrases[found].session, strlen(phrases[found].session)) != 0) {
            found++;
        }
        if (found < PHRASES) {
            fputs(phrases[found].file, out);
            text += strlen(phrases[found].session);
        } else {
            fputc(*text++, out);
        }
    }
}

/* Takes `text`. */
static char *in_words_of_files(char *text)
{
    char *words = NULL;
    size_t length = 0;
    FILE *out = text != NULL ? open_memstream(&words, &length) : NULL;
    if (out != NULL) {
        write_words(text, out);
        fclose(out);
    }
    free(text);
    return words;
}

void molt__tool_report_print(const char *name, const MoltReport *report)
{
    char text[4096];
    for (uint32_t i = 0; i < report->count; i++) {
        if (report->findings[i].severity != MOLT_INFO) {
            molt_finding_text(&report->findings[i], text, sizeof text);
            fprintf(stderr, "%s: ", name);
            write_words(text, stderr);
            fputc('\n', stderr);
        }
    }
}

char *molt__tool_report_json(const MoltReport *report)
{
    return in_words_of_files(molt_report_to_json(report));
}

char *molt__tool_report_text(const MoltReport *report)
{
    return in_words_of_files(molt_report_findings_to_text(report));
}
