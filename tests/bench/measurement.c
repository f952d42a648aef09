#include "measurement.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cjson/cJSON.h>

uint64_t bench_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t bench_user_time(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (uint64_t)usage.ru_utime.tv_sec * 1000000000u + (uint64_t)usage.ru_utime.tv_usec * 1000u;
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

double bench_resident(void)
{
    long long all = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file && fscanf(file, "%lld %lld", &all, &resident) != 2)
        resident = 0;
    if (file)
        fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
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

void bench_add_share(Table *table, const char *name, const Samples *samples, const char *against,
                     const Samples *baseline, double goal)
{
    Row *row = add_row(table, name, "%", against, goal);
    if (!row)
        return;
    row->value = median_of(samples, &row->spread) / 1e4;
    row->baseline = median_of(baseline, &row->baseline_spread) / 1e4;
}

void bench_curve(Table *table, const char *curve, uint64_t bytes)
{
    if (table->count == 0)
        return;
    Row *row = &table->rows[table->count - 1];
    snprintf(row->curve, sizeof row->curve, "%s", curve);
    row->bytes = (double)bytes;
}

/* Two-sided, 95 %, by degrees of freedom; beyond the table that of the last one, which is a little more. */
static double student(int freedom)
{
    static const double table[] = {0,    12.71, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365,
                                   2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
                                   2.120, 2.110, 2.101, 2.093, 2.086};
    int last = (int)(sizeof table / sizeof *table) - 1;
    return table[freedom < last ? freedom : last];
}

void bench_pairs(Table *table, const Samples *samples, const Samples *baseline)
{
    double sum = 0, squares = 0;
    int count = samples->count < baseline->count ? samples->count : baseline->count;
    if (table->count == 0 || count < 2)
        return;
    for (int i = 0; i < count; i++)
        sum += log((double)samples->ns[i] / (double)baseline->ns[i]);
    double mean = sum / count;
    for (int i = 0; i < count; i++) {
        double off = log((double)samples->ns[i] / (double)baseline->ns[i]) - mean;
        squares += off * off;
    }
    double half = student(count - 1) * sqrt(squares / (count - 1) / count);
    Row *row = &table->rows[table->count - 1];
    row->ratio = exp(mean);
    row->low = exp(mean - half);
    row->high = exp(mean + half);
}

static double ratio_of(const Row *row)
{
    if (row->ratio > 0)
        return row->ratio;
    return row->baseline > 0 ? row->value / row->baseline : 0;
}

static bool is_met(const Row *row)
{
    return (row->high > 0 ? row->high : ratio_of(row)) <= row->goal;
}

void bench_print(const Table *table)
{
    printf("%7s %6s %5s  %12s %6s %12s %6s      %s\n", "ratio", "goal", "met", "measured", "spread",
           "baseline", "spread", "what, against what");
    for (int i = 0; i < table->count; i++) {
        const Row *row = &table->rows[i];
        char goal[16] = "-";
        char interval[48] = "";
        const char *met = "-";
        if (row->high > 0)
            snprintf(interval, sizeof interval, " (%.3f to %.3f)", row->low, row->high);
        if (row->goal > 0) {
            snprintf(goal, sizeof goal, "%.2f", row->goal);
            met = is_met(row) ? "yes" : "no";
        }
        printf("%7.2f %6s %5s  %12.3f %5.0f%% %12.3f %5.0f%% %-3s  %s, against %s%s\n", ratio_of(row),
               goal, met, row->value, row->spread * 100, row->baseline, row->baseline_spread * 100,
               row->unit, row->name, row->against, interval);
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
            cJSON_AddBoolToObject(object, "met", is_met(row));
        } else {
            cJSON_AddNullToObject(object, "goal");
            cJSON_AddNullToObject(object, "met");
        }
        if (*row->curve) {
            cJSON_AddStringToObject(object, "curve", row->curve);
            cJSON_AddNumberToObject(object, "bytes", row->bytes);
        }
        if (row->high > 0) {
            cJSON_AddNumberToObject(object, "low", row->low);
            cJSON_AddNumberToObject(object, "high", row->high);
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
