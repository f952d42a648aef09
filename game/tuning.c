/* Numbers from assets/tuning.txt, "name = value" a line; what they were stays when one of them is wrong. */
#include "actions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char path[] = "tuning.txt";

static const struct {
    const char *name;
    size_t offset; /* of the float in Tuning */
    float least, most;
} numbers[] = {
    {"ant_speed", offsetof(Tuning, ant_speed), 0.1f, 4},
    {"spider_speed", offsetof(Tuning, spider_speed), 0, 4},
    {"eggs", offsetof(Tuning, eggs), 0, 10},
};
enum { NUMBER_COUNT = sizeof numbers / sizeof numbers[0] };

/* The index of the number that `line` sets; -1 when there is none of that name. */
static int find_number(const char *line, size_t length)
{
    for (int i = 0; i < NUMBER_COUNT; i++)
        if (strlen(numbers[i].name) == length && strncmp(line, numbers[i].name, length) == 0)
            return i;
    return -1;
}

/* Reads one line into `tuning`. False with `problem` filled in. */
static bool read_line(const char *line, Tuning *tuning, char *problem, size_t size)
{
    size_t length = strcspn(line, " \t=");
    const char *equals = line + length + strspn(line + length, " \t");
    int number = find_number(line, length);
    if (number < 0) {
        snprintf(problem, size, "nothing is called %.*s", length < 40 ? (int)length : 40, line);
        return false;
    }
    char *end = NULL;
    float value = *equals == '=' ? strtof(equals + 1, &end) : 0;
    if (!end || end == equals + 1 || end[strspn(end, " \t\r")]) {
        snprintf(problem, size, "%s wants a number: %s = 1", numbers[number].name,
                 numbers[number].name);
        return false;
    }
    if (!(value >= numbers[number].least && value <= numbers[number].most)) {
        snprintf(problem, size, "%s has to be from %g to %g", numbers[number].name,
                 (double)numbers[number].least, (double)numbers[number].most);
        return false;
    }
    memcpy((char *)tuning + numbers[number].offset, &value, sizeof value);
    return true;
}

/* Reads all lines. False with `problem` filled in. */
static bool read_text(const char *text, Tuning *tuning, char *problem, size_t size)
{
    for (int number = 1; *text; number++) {
        char line[160], wrong[120];
        size_t length = strcspn(text, "\n"), blank = strspn(text, " \t\r");
        snprintf(line, sizeof line, "%.*s", (int)(length < 159 ? length : 159), text);
        if (blank < length && text[blank] != '#' &&
            !read_line(line + blank, tuning, wrong, sizeof wrong)) {
            snprintf(problem, size, "line %d: %s", number, wrong);
            return false;
        }
        text += length + (text[length] == '\n');
    }
    return true;
}

void tuning_step(Colony *colony)
{
    const MoltPlatformApi *api = colony->api;
    const MoltAsset *asset = api->asset(api, path);
    char problem[160];
    if (!asset || asset->version == colony->tuning.version)
        return;
    Tuning tuning = {.version = asset->version, .ant_speed = 1, .spider_speed = 1, .eggs = 1};
    if (read_text((const char *)asset->bytes, &tuning, problem, sizeof problem))
        colony->tuning = tuning;
    else
        api->asset_refuse(api, path, problem);
}

void tuning_begin(Colony *colony)
{
    colony->tuning = (Tuning){.ant_speed = 1, .spider_speed = 1, .eggs = 1};
    tuning_step(colony);
}
