#include "flow.h"

#include <string.h>

static const char *const WORDS[MOLT_FLOW_KIND_COUNT] = {
#define X(name, word) word,
    MOLT_FLOW_LIST(X)
#undef X
};

/* ---- a set ----------------------------------------------------------------------------------- */

static uint32_t mix(uint32_t hash, const char *text)
{
    for (; *text != '\0'; text++) {
        hash = (hash ^ (unsigned char)*text) * 16777619u;
    }
    return (hash ^ 0xffu) * 16777619u;
}

static uint32_t slot_of(const MoltFlows *flows, const MoltFlow *flow)
{
    uint32_t slot = mix(mix(2166136261u + (uint32_t)flow->kind, flow->a), flow->b);
    for (slot &= flows->slot_count - 1; flows->slots[slot] != 0;
         slot = (slot + 1) & (flows->slot_count - 1)) {
        const MoltFlow *known = &flows->items[flows->slots[slot] - 1];
        if (known->kind == flow->kind && strcmp(known->a, flow->a) == 0 &&
            strcmp(known->b, flow->b) == 0) {
            break;
        }
    }
    return slot;
}

static void make_slots(MoltArena *arena, MoltFlows *flows)
{
    flows->slot_count = flows->slot_count > 0 ? flows->slot_count * 2 : 256;
    flows->slots = molt__arena_alloc(arena, flows->slot_count * sizeof *flows->slots);
    memset(flows->slots, 0, flows->slot_count * sizeof *flows->slots);
    for (uint32_t i = 0; i < flows->count; i++) {
        flows->slots[slot_of(flows, &flows->items[i])] = i + 1;
    }
}

MoltFlow *molt__flow_add(MoltArena *arena, MoltFlows *flows, MoltFlow flow)
{
    if (flows->count * 2 >= flows->slot_count) {
        make_slots(arena, flows);
    }
    uint32_t slot = slot_of(flows, &flow);
    if (flows->slots[slot] == 0) {
        flows->items = molt__arena_grow(arena, flows->items, flows->count, &flows->capacity,
                                        sizeof *flows->items);
        flows->items[flows->count++] = flow;
        flows->slots[slot] = flows->count;
    }
    return &flows->items[flows->slots[slot] - 1];
}

/* ---- as JSON --------------------------------------------------------------------------------- */

cJSON *molt__flows_to_json(const MoltFlows *flows)
{
    cJSON *list = cJSON_CreateArray();
    for (uint32_t i = 0; i < flows->count; i++) {
        const MoltFlow *flow = &flows->items[i];
        cJSON *json = cJSON_CreateArray();
        cJSON_AddItemToArray(json, cJSON_CreateString(WORDS[flow->kind]));
        cJSON_AddItemToArray(json, cJSON_CreateString(flow->a));
        cJSON_AddItemToArray(json, cJSON_CreateString(flow->b));
        if (flow->place.file != NULL) {
            cJSON_AddItemToArray(json, cJSON_CreateString(flow->place.file));
            cJSON_AddItemToArray(json, cJSON_CreateNumber(flow->place.line));
        }
        cJSON_AddItemToArray(list, json);
    }
    return list;
}

static const char *text_at(MoltArena *arena, const cJSON *list, int index)
{
    const cJSON *item = cJSON_GetArrayItem(list, index);
    return cJSON_IsString(item)
               ? molt__arena_copy(arena, item->valuestring, strlen(item->valuestring))
               : NULL;
}

static bool read_flow(MoltArena *arena, const cJSON *json, MoltFlow *out)
{
    const char *word = text_at(arena, json, 0);
    const cJSON *line = cJSON_GetArrayItem(json, 4);
    *out = (MoltFlow){
        .kind = MOLT_FLOW_KIND_COUNT, .a = text_at(arena, json, 1), .b = text_at(arena, json, 2)};
    for (int kind = 0; word != NULL && kind < MOLT_FLOW_KIND_COUNT; kind++) {
        out->kind = strcmp(word, WORDS[kind]) == 0 ? (MoltFlowKind)kind : out->kind;
    }
    if (cJSON_GetArraySize(json) > 3) {
        out->place.file = text_at(arena, json, 3);
        bool good = out->place.file != NULL && cJSON_IsNumber(line) && line->valuedouble >= 0 &&
                    line->valuedouble <= UINT32_MAX;
        if (!good) {
            return false;
        }
        out->place.line = (uint32_t)line->valuedouble;
    }
    bool placed = out->kind == MOLT_FLOW_GIVE || out->kind == MOLT_FLOW_TAKE ||
                  (out->kind >= MOLT_FLOW_AREA && out->kind < MOLT_FLOW_LIES &&
                   out->kind != MOLT_FLOW_NUMBER && out->kind != MOLT_FLOW_DERIVE &&
                   out->kind != MOLT_FLOW_HASH);
    return out->kind != MOLT_FLOW_KIND_COUNT && out->a != NULL && out->b != NULL &&
           placed == (out->place.file != NULL);
}

bool molt__flows_from_json(MoltArena *arena, const cJSON *json, MoltFlows *out)
{
    const cJSON *item = NULL;
    bool good = cJSON_IsArray(json) != 0;
    *out = (MoltFlows){0};
    cJSON_ArrayForEach(item, json)
    {
        MoltFlow flow;
        good = good && cJSON_IsArray(item) && read_flow(arena, item, &flow);
        if (good) {
            molt__flow_add(arena, out, flow);
        }
    }
    return good;
}
