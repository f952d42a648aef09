#include "measurement.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cjson/cJSON.h>

uint64_t bench_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void bench_sample(Samples *samples, uint64_t ns)
{
    if (samples->count < BENCH_ROUNDS_MAX)
        samples->ns[samples->count++] = ns;
}

static int compare_ns(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

Samples bench_budget(uint64_t ns)
{
    return (Samples){.ns = {ns}, .count = 1};
}

/* Median in nanoseconds; 0 without samples. */
static double median_of(const Samples *samples, double *spread)
{
    Samples sorted = *samples;
    *spread = 0;
    if (sorted.count == 0)
        return 0;
    qsort(sorted.ns, (size_t)sorted.count, sizeof *sorted.ns, compare_ns);
    double median = (double)sorted.ns[sorted.count / 2];
    uint64_t low = sorted.ns[sorted.count / 4], high = sorted.ns[(sorted.count * 3 - 1) / 4];
    if (median > 0)
        *spread = (double)(high - low) / median;
    return median;
}

uint64_t bench_median(const Samples *samples)
{
    double spread;
    return (uint64_t)median_of(samples, &spread);
}

static Row *add_row(Table *table, const char *name, const char *unit, const char *against,
                    double goal)
{
    if (table->count == BENCH_ROWS_MAX)
        return NULL;
    Row *row = &table->rows[table->count++];
    *row = (Row){.goal = goal};
    snprintf(row->name, sizeof row->name, "%s", name);
    snprintf(row->unit, sizeof row->unit, "%s", unit);
    snprintf(row->against, sizeof row->against, "%s", against);
    return row;
}

void bench_add(Table *table, const char *name, const Samples *samples, const char *against,
               const Samples *baseline, double per, double goal)
{
    bool each = per > 1;
    double divisor = each ? per : 1e6;
    Row *row = add_row(table, name, each ? "ns" : "ms", against, goal);
    if (!row)
        return;
    row->value = median_of(samples, &row->spread) / divisor;
    row->baseline = median_of(baseline, &row->baseline_spread) / divisor;
}

void bench_add_memory(Table *table, const char *name, double bytes, const char *against,
                      double baseline, double goal)
{
    Row *row = add_row(table, name, "MiB", against, goal);
    if (!row)
        return;
    row->value = bytes / (1 << 20);
    row->baseline = baseline / (1 << 20);
}

void bench_curve(Table *table, const char *curve, uint64_t bytes)
{
    if (table->count == 0)
        return;
    Row *row = &table->rows[table->count - 1];
    snprintf(row->curve, sizeof row->curve, "%s", curve);
    row->bytes = (double)bytes;
}

static double ratio_of(const Row *row)
{
    return row->baseline > 0 ? row->value / row->baseline : 0;
}

void bench_print(const Table *table)
{
    printf("%7s %6s %5s  %12s %6s %12s %6s      %s\n", "ratio", "goal", "met", "measured", "spread",
           "baseline", "spread", "what, against what");
    for (int i = 0; i < table->count; i++) {
        const Row *row = &table->rows[i];
        char goal[16] = "-";
        const char *met = "-";
        if (row->goal > 0) {
            snprintf(goal, sizeof goal, "%.2f", row->goal);
            met = ratio_of(row) <= row->goal ? "yes" : "no";
        }
        printf("%7.2f %6s %5s  %12.3f %5.0f%% %12.3f %5.0f%% %-3s  %s, against %s\n", ratio_of(row),
               goal, met, row->value, row->spread * 100, row->baseline, row->baseline_spread * 100,
               row->unit, row->name, row->against);
    }
}

bool bench_write_json(const Table *table, const char *path)
{
    cJSON *array = cJSON_CreateArray();
    for (int i = 0; i < table->count; i++) {
        const Row *row = &table->rows[i];
        char name[sizeof row->name + sizeof row->against + 16];
        snprintf(name, sizeof name, "%s, against %s", row->name, row->against);
        cJSON *object = cJSON_CreateObject();
        cJSON_AddStringToObject(object, "name", name);
        cJSON_AddNumberToObject(object, "value", row->value);
        cJSON_AddStringToObject(object, "unit", row->unit);
        cJSON_AddNumberToObject(object, "spread", row->spread);
        cJSON_AddNumberToObject(object, "baseline", row->baseline);
        cJSON_AddNumberToObject(object, "baseline_spread", row->baseline_spread);
        cJSON_AddNumberToObject(object, "ratio", ratio_of(row));
        if (row->goal > 0) {
            cJSON_AddNumberToObject(object, "goal", row->goal);
            cJSON_AddBoolToObject(object, "met", ratio_of(row) <= row->goal);
        } else {
            cJSON_AddNullToObject(object, "goal");
            cJSON_AddNullToObject(object, "met");
        }
        if (*row->curve) {
            cJSON_AddStringToObject(object, "curve", row->curve);
            cJSON_AddNumberToObject(object, "bytes", row->bytes);
        }
        cJSON_AddItemToArray(array, object);
    }
    char *text = cJSON_Print(array);
    cJSON_Delete(array);
    bool written = false;
    FILE *file = text ? fopen(path, "w") : NULL;
    if (file) {
        written = fprintf(file, "%s\n", text) > 0;
        written = fclose(file) == 0 && written;
    } else if (!text) {
        errno = ENOMEM;
    }
    free(text);
    return written;
}
