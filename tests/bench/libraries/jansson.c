/* jansson: an array of objects, printed as compact text and parsed. */
#include <jansson.h>
#include <stdlib.h>

#include "round_trip.h"

static json_t *make(const AntBefore *ants, const AntBefore *ant)
{
    return json_pack("{s:I,s:I,s:f,s:f,s:f,s:f,s:i,s:f,s:I,s:I,s:I,s:i,s:i,s:[i,i,i,i],s:f,s:f}",
                     "next", (json_int_t)bench_ant_number(ants, ant->next), "prey",
                     (json_int_t)bench_ant_number(ants, ant->prey), "x", (double)ant->x, "y",
                     (double)ant->y, "heading_x", (double)ant->heading_x, "heading_y",
                     (double)ant->heading_y, "energy", (int)ant->energy, "hunger",
                     (double)ant->hunger, "born", (json_int_t)ant->born, "id", (json_int_t)ant->id,
                     "nest", (json_int_t)ant->nest, "caste", (int)ant->caste, "task",
                     (int)ant->task, "load", (int)ant->load[0], (int)ant->load[1],
                     (int)ant->load[2], (int)ant->load[3], "age", ant->age, "speed", ant->speed);
}

static double number(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static json_int_t integer(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static void take(const json_t *object, AntAfter *ants, AntAfter *ant)
{
    AntBefore was = {.x = (float)number(object, "x"),
                     .y = (float)number(object, "y"),
                     .heading_x = (float)number(object, "heading_x"),
                     .heading_y = (float)number(object, "heading_y"),
                     .energy = (int32_t)integer(object, "energy"),
                     .hunger = (float)number(object, "hunger"),
                     .born = (uint64_t)integer(object, "born"),
                     .id = (uint32_t)integer(object, "id"),
                     .nest = (uint32_t)integer(object, "nest"),
                     .caste = (int16_t)integer(object, "caste"),
                     .task = (int16_t)integer(object, "task"),
                     .age = number(object, "age"),
                     .speed = number(object, "speed")};
    const json_t *load = json_object_get(object, "load");
    for (size_t i = 0; i < 4; i++)
        was.load[i] = (int32_t)json_integer_value(json_array_get(load, i));
    bench_ant_take(ants, ant, &was, (uint32_t)integer(object, "next"),
                   (uint32_t)integer(object, "prey"));
}

static char *print(const AntBefore *before, uint32_t count)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < count; i++)
        json_array_append_new(array, make(before, &before[i]));
    char *text = json_dumps(array, JSON_COMPACT);
    json_decref(array);
    return text;
}

static bool run(const AntBefore *before, AntAfter *after, uint32_t count)
{
    char *text = print(before, count);
    json_t *array = text ? json_loads(text, 0, NULL) : NULL;
    bool ok = array && json_array_size(array) == count;
    for (uint32_t i = 0; ok && i < count; i++)
        take(json_array_get(array, i), after, &after[i]);
    json_decref(array);
    free(text);
    return ok;
}

const RoundTrip bench_jansson = {"jansson", 100, run, NULL};
