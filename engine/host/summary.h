/* A reload event in the few words that fit on a small panel. It must never know pixels, and never
 * how a reload works. */
#ifndef MOLT_HOST_SUMMARY_H
#define MOLT_HOST_SUMMARY_H

#include <stdbool.h>

#include <molt/assets.h>
#include <molt/reload.h>

#define MOLT__SUMMARY_ROWS 8

typedef enum MoltMood {
    MOLT__MOOD_PLAIN,
    MOLT__MOOD_GOOD, /* it worked */
    MOLT__MOOD_LOSS, /* it worked, and a value was lost */
    MOLT__MOOD_BAD,  /* it did not work */
    MOLT__MOOD_QUIET /* beside the point */
} MoltMood;

typedef struct MoltSummaryRow {
    MoltMood mood;
    char text[400]; /* printable ASCII */
} MoltSummaryRow;

typedef struct MoltSummary {
    MoltMood mood;
    char word[32];     /* "migrated" */
    char subject[200]; /* "Ant, Tile" */
    char facts[160];   /* "10,240 objects   0.90 ms   generation 7" */
    MoltSummaryRow rows[MOLT__SUMMARY_ROWS];
    int row_count;
} MoltSummary;

/* Only for events that end an attempt: RELOADED, REFUSED, LOAD_FAILED, BUILD_FAILED; and for POSTPONED,
 * CRASHED and NO_CHECKPOINT. */
void molt__summary_write(const MoltReloadEvent *event, MoltSummary *out);

/* A save or a load: `word` is "saved" or "loaded"; `problem` is NULL when it went well. */
void molt__summary_write_file(const char *word, const char *path, uint64_t nanoseconds,
                              const MoltReport *report, const char *problem, MoltSummary *out);

/* Makes the summary of something that came while the game stands still since the crash of that headline:
 * whatever it was, the game does not go on with it. */
void molt__summary_stand_still(MoltSummary *summary, const char *crash);

/* An asset was saved. */
void molt__summary_write_asset(const MoltAssetEvent *event, MoltSummary *out);

/* Copies text of any origin as printable ASCII: quotation marks, dashes and arrows get their nearest
 * sign, any other sequence of UTF-8 becomes '?', controls become a space. Always NUL-terminated. */
void molt__summary_clean(const char *text, char *buffer, size_t size);

#endif
