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

double bench_median(const Samples *samples)
{
    if (samples->count == 0)
        return 0;
    Samples sorted = *samples;
    qsort(sorted.ns, (size_t)sorted.count, sizeof *sorted.ns, compare_ns);
    return (double)sorted.ns[sorted.count / 2];
}

void bench_add(Table *table, const char *name, double ns, const char *against, double baseline_ns,
               double per, double goal)
{
    if (table->count == BENCH_ROWS_MAX)
        return;
    bool each = per > 1;
    double divisor = each ? per : 1e6;
    Row *row = &table->rows[table->count++];
    *row = (Row){.value = ns / divisor, .baseline = baseline_ns / divisor, .goal = goal};
    snprintf(row->name, sizeof row->name, "%s", name);
    snprintf(row->unit, sizeof row->unit, "%s", each ? "ns" : "ms");
    snprintf(row->against, sizeof row->against, "%s", against);
}

static double ratio_of(const Row *row)
{
    return row->baseline > 0 ? row->value / row->baseline : 0;
}

void bench_print(const Table *table)
{
    printf("%7s %6s %5s  %12s %12s     %s\n", "ratio", "goal", "met", "measured", "baseline",
           "what, against what");
    for (int i = 0; i < table->count; i++) {
        const Row *row = &table->rows[i];
        char goal[16] = "-";
        const char *met = "-";
        if (row->goal > 0) {
            snprintf(goal, sizeof goal, "%.2f", row->goal);
            met = ratio_of(row) <= row->goal ? "yes" : "no";
        }
        printf("%7.2f %6s %5s  %12.3f %12.3f %s  %s, against %s\n", ratio_of(row), goal, met,
               row->value, row->baseline, row->unit, row->name, row->against);
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
        cJSON_AddNumberToObject(object, "baseline", row->baseline);
        cJSON_AddNumberToObject(object, "ratio", ratio_of(row));
        if (row->goal > 0) {
            cJSON_AddNumberToObject(object, "goal", row->goal);
            cJSON_AddBoolToObject(object, "met", ratio_of(row) <= row->goal);
        } else {
            cJSON_AddNullToObject(object, "goal");
            cJSON_AddNullToObject(object, "met");
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
