/* What a report says, for people who have files: remedies speak of a session, in which an edit is about to
 * come; of a saved state only the version that saved it can change what it holds. It must never know
 * what was done to which file. */
#ifndef MOLT_TOOL_REPORT_WORDS_H
#define MOLT_TOOL_REPORT_WORDS_H

#include "molt/report.h"

/* A line on standard error for each finding that is worse than INFO, behind `name`. */
void molt__tool_report_print(const char *name, const MoltReport *report);
/* The whole report as JSON, or its findings as text; freed with free(); NULL when memory is out. */
char *molt__tool_report_json(const MoltReport *report);
char *molt__tool_report_text(const MoltReport *report);

#endif
