/* A measurement: times of a piece of work and of its baseline, taken in turns so that a noisy machine
 * disturbs both alike, and the rows that come of them. It must never know what is measured. */
#ifndef MOLT_BENCH_MEASUREMENT_H
#define MOLT_BENCH_MEASUREMENT_H

#include <stdbool.h>
#include <stdint.h>

enum { BENCH_ROUNDS_MAX = 101, BENCH_ROWS_MAX = 128 };

typedef struct Samples {
    uint64_t ns[BENCH_ROUNDS_MAX];
    int count;
} Samples;

typedef struct Row {
    char name[96];
    double value;  /* median, in `unit` */
    double spread; /* the middle half of the samples, as a part of the median */
    char unit[8];
    double baseline; /* median or budget, in `unit` */
    double baseline_spread;
    char against[48]; /* what the baseline is */
    double goal;      /* ratio to reach at most; 0: none */
    char curve[24];   /* of the plot that it is a point of; "": none */
    double bytes;     /* where on that curve */
    double ratio;     /* of samples in pairs; else 0: value to baseline */
    double low, high; /* of samples in pairs: where the ratio is, with 95 %; else 0 */
} Row;

typedef struct Table {
    Row rows[BENCH_ROWS_MAX];
    int count;
} Table;

uint64_t bench_now(void);       /* nanoseconds, monotonic */
uint64_t bench_user_time(void); /* nanoseconds that this process computed, all threads */

void bench_sample(Samples *samples, uint64_t ns); /* beyond BENCH_ROUNDS_MAX: ignored */

uint64_t bench_median(const Samples *samples); /* 0 without samples */

/* Bytes of memory that the process has. */
double bench_resident(void);

/* A baseline that is not measured: a time in nanoseconds that the work may take. */
Samples bench_budget(uint64_t ns);

/* Copies everything. Values are shown divided by `per` (objects, or 1), in "ns", or in "ms" when `per`
 * is 1. */
void bench_add(Table *table, const char *name, const Samples *samples, const char *against,
               const Samples *baseline, double per, double goal);
/* Memory, in bytes, shown in "MiB". */
void bench_add_memory(Table *table, const char *name, double bytes, const char *against,
                      double baseline, double goal);
/* Parts of a whole: the samples are in millionths, shown in "%". */
void bench_add_share(Table *table, const char *name, const Samples *samples, const char *against,
                     const Samples *baseline, double goal);

/* Makes the row that was added last a point of a curve over sizes of states. */
void bench_curve(Table *table, const char *curve, uint64_t bytes);

/* The samples of the row that was added last were taken in pairs: its ratio is the mean of theirs (of the
 * logarithms), with the interval in which that lies with 95 %, by Student's t. A goal is for the upper
 * end. */
void bench_pairs(Table *table, const Samples *samples, const Samples *baseline);

void bench_print(const Table *table);
/* JSON array of {name, value, unit, spread, baseline, baseline_spread, ratio, goal, met}; goal and met are
 * null without a goal; rows of curves have {curve, bytes} as well, those of
 * pairs {low, high}.
 * False with errno set when the file cannot be written. */
bool bench_write_json(const Table *table, const char *path);

#endif
