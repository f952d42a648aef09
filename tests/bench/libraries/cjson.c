/* cJSON: an array of objects, printed as compact text and parsed. Its numbers are doubles, so that a number
 * of 64 bits is text. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

#include "round_trip.h"

static cJSON *make(const AntBefore *ants, const AntBefore *ant)
{
    char born[24];
    cJSON *object = cJSON_CreateObject();
    cJSON_AddNumberToObject(object, "next", bench_ant_number(ants, ant->next));
    cJSON_AddNumberToObject(object, "prey", bench_ant_number(ants, ant->prey));
    cJSON_AddNumberToObject(object, "x", (double)ant->x);
    cJSON_AddNumberToObject(object, "y", (double)ant->y);
    cJSON_AddNumberToObject(object, "heading_x", (double)ant->heading_x);
    cJSON_AddNumberToObject(object, "heading_y", (double)ant->heading_y);
    cJSON_AddNumberToObject(object, "energy", ant->energy);
    cJSON_AddNumberToObject(object, "hunger", (double)ant->hunger);
    snprintf(born, sizeof born, "%llu", (unsigned long long)ant->born);
    cJSON_AddStringToObject(object, "born", born);
    cJSON_AddNumberToObject(object, "id", ant->id);
    cJSON_AddNumberToObject(object, "nest", ant->nest);
    cJSON_AddNumberToObject(object, "caste", ant->caste);
    cJSON_AddNumberToObject(object, "task", ant->task);
    cJSON_AddItemToObject(object, "load", cJSON_CreateIntArray((const int *)ant->load, 4));
    cJSON_AddNumberToObject(object, "age", ant->age);
    cJSON_AddNumberToObject(object, "speed", ant->speed);
    return object;
}

static double number(const cJSON *object, const char *key)
{
    return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static void take(const cJSON *object, AntAfter *ants, AntAfter *ant)
{
    const char *born = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "born"));
    AntBefore was = {.x = (float)number(object, "x"),
                     .y = (float)number(object, "y"),
                     .heading_x = (float)number(object, "heading_x"),
                     .heading_y = (float)number(object, "heading_y"),
                     .energy = (int32_t)number(object, "energy"),
                     .hunger = (float)number(object, "hunger"),
                     .born = born ? strtoull(born, NULL, 10) : 0,
                     .id = (uint32_t)number(object, "id"),
                     .nest = (uint32_t)number(object, "nest"),
                     .caste = (int16_t)number(object, "caste"),
                     .task = (int16_t)number(object, "task"),
                     .age = number(object, "age"),
                     .speed = number(object, "speed")};
    const cJSON *load = cJSON_GetObjectItemCaseSensitive(object, "load"), *item = NULL;
    int at = 0;
    cJSON_ArrayForEach(item, load)
    {
        if (at < 4)
            was.load[at++] = (int32_t)cJSON_GetNumberValue(item);
    }
    bench_ant_take(ants, ant, &was, (uint32_t)number(object, "next"),
                   (uint32_t)number(object, "prey"));
}

static char *print(const AntBefore *before, uint32_t count)
{
    cJSON *array = cJSON_CreateArray();
    for (uint32_t i = 0; i < count; i++)
        cJSON_AddItemToArray(array, make(before, &before[i]));
    char *text = cJSON_PrintUnformatted(array);
    cJSON_Delete(array);
    return text;
}

static bool run(const AntBefore *before, AntAfter *after, uint32_t count)
{
    char *text = print(before, count);
    cJSON *array = text ? cJSON_Parse(text) : NULL;
    const cJSON *item = NULL;
    uint32_t done = 0;
    cJSON_ArrayForEach(item, array)
    {
        if (done < count)
            take(item, after, &after[done]);
        done++;
    }
    cJSON_Delete(array);
    cJSON_free(text);
    return done == count;
}

const RoundTrip bench_cjson = {"cJSON", 1000, run, NULL};
