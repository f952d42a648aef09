#include "manifest.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZE_LIMIT ((size_t)1 << 20)

static char *directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return strdup(".");
    }
    return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

static char *resolve(const char *directory, const char *path)
{
    if (path[0] == '/') {
        return strdup(path);
    }
    size_t size = strlen(directory) + strlen(path) + 2;
    char *full = malloc(size);
    if (full != NULL) {
        snprintf(full, size, "%s/%s", directory, path);
    }
    return full;
}

static MoltStatus read_text(const char *path, char **out, MoltError *error)
{
    FILE *file = fopen(path, "rbe");
    if (file == NULL) {
        return molt_error(error, errno == ENOENT ? MOLT_NOT_FOUND : MOLT_SYSTEM,
                          "Cannot open %s: %s.", path, strerror(errno));
    }
    char *text = malloc(SIZE_LIMIT + 1);
    size_t length = text != NULL ? fread(text, 1, SIZE_LIMIT + 1, file) : 0;
    bool failed = ferror(file) != 0;
    fclose(file);
    if (text == NULL) {
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to read %s.", path);
    }
    if (failed || length > SIZE_LIMIT) {
        free(text);
        return molt_error(error, MOLT_INVALID, "%s cannot be read or is larger than 1 MiB.", path);
    }
    text[length] = 0;
    *out = text;
    return MOLT_OK;
}

/* A missing entry is an empty list. With `directory`, items are paths. */
static MoltStatus read_list(const cJSON *json, const char *key, const char *directory, char ***out,
                            const char *path, MoltError *error)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(json, key);
    if (list != NULL && !cJSON_IsArray(list)) {
        return molt_error(error, MOLT_INVALID, "%s: \"%s\" is no list of strings.", path, key);
    }
    size_t count = 0;
    char **items = calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof *items);
    *out = items; /* freed with the manifest, whatever happens */
    if (items == NULL) {
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to read %s.", path);
    }
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        if (!cJSON_IsString(item)) {
            return molt_error(error, MOLT_INVALID, "%s: \"%s\" is no list of strings.", path, key);
        }
        items[count] =
            directory != NULL ? resolve(directory, item->valuestring) : strdup(item->valuestring);
        if (items[count++] == NULL) {
            return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to read %s.", path);
        }
    }
    return MOLT_OK;
}

static MoltStatus read_path(const cJSON *json, const char *key, const char *directory, char **out,
                            const char *path, MoltError *error)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
    if (item == NULL || cJSON_IsNull(item)) {
        return MOLT_OK;
    }
    if (!cJSON_IsString(item)) {
        return molt_error(error, MOLT_INVALID, "%s: \"%s\" is no string.", path, key);
    }
    *out = resolve(directory, item->valuestring);
    return *out != NULL ? MOLT_OK
                        : molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to read %s.", path);
}

static MoltStatus read_fields(const cJSON *json, MoltManifest *manifest, const char *path,
                              MoltError *error)
{
    MoltStatus status =
        read_path(json, "library", manifest->directory, &manifest->library, path, error);
    if (status == MOLT_OK) {
        status = read_path(json, "schema", manifest->directory, &manifest->schema, path, error);
    }
    if (status == MOLT_OK) {
        status = read_path(json, "assets", manifest->directory, &manifest->assets, path, error);
    }
    if (status == MOLT_OK) {
        status =
            read_path(json, "generator", manifest->directory, &manifest->generator, path, error);
    }
    if (status == MOLT_OK) {
        status = read_list(json, "build", NULL, &manifest->build, path, error);
    }
    if (status == MOLT_OK) {
        status = read_list(json, "watch", manifest->directory, &manifest->watch, path, error);
    }
    return status;
}

MoltStatus molt__manifest_read(const char *path, MoltManifest **out, MoltError *error)
{
    char *text = NULL;
    cJSON *json = NULL;
    MoltManifest *manifest = NULL;
    MoltStatus status = read_text(path, &text, error);
    if (status != MOLT_OK) {
        goto cleanup;
    }
    json = cJSON_Parse(text);
    if (!cJSON_IsObject(json)) {
        status = molt_error(
            error, MOLT_INVALID,
            "%s is no JSON object. Build the game again so that it is written anew.", path);
        goto cleanup;
    }
    manifest = calloc(1, sizeof *manifest);
    if (manifest == NULL || (manifest->directory = directory_of(path)) == NULL) {
        status = molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to read %s.", path);
        goto cleanup;
    }
    status = read_fields(json, manifest, path, error);
    if (status == MOLT_OK) {
        *out = manifest;
        manifest = NULL;
    }
cleanup:
    molt__manifest_free(manifest);
    cJSON_Delete(json);
    free(text);
    return status;
}

static void free_list(char **items)
{
    for (size_t i = 0; items != NULL && items[i] != NULL; i++) {
        free(items[i]);
    }
    free(items);
}

void molt__manifest_free(MoltManifest *manifest)
{
    if (manifest != NULL) {
        free_list(manifest->build);
        free_list(manifest->watch);
        free(manifest->directory);
        free(manifest->library);
        free(manifest->schema);
        free(manifest->assets);
        free(manifest->generator);
        free(manifest);
    }
}
