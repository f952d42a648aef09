/* Runs one pair of generated libraries through the real reload: loads version 1, dumps the state its
 * start_up() made, replaces the library file by version 2, forces the reload and dumps again. Leaves
 * FOLDER/before.json, after.json and report.json; prints the outcome and what version 1 logs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "molt/reload.h"

static void log_line(const MoltPlatformApi *api, const char *text)
{
    (void)api;
    puts(text);
}

static uint64_t zero(const MoltPlatformApi *api)
{
    (void)api;
    return 0;
}

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "runner: %s: %s\n", what, why);
    return 1;
}

static bool copy_file(const char *from, const char *to)
{
    char buffer[65536];
    size_t got;
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    bool good = in && out;
    while (good && (got = fread(buffer, 1, sizeof buffer, in)) > 0)
        good = fwrite(buffer, 1, got, out) == got;
    if (in)
        fclose(in);
    if (out)
        good = fclose(out) == 0 && good;
    return good;
}

static bool write_text(const char *folder, const char *name, const char *text)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
        return false;
    FILE *file = fopen(path, "wb");
    bool good = file && fputs(text, file) >= 0;
    if (file)
        good = fclose(file) == 0 && good;
    return good;
}

static char *dump(const MoltReload *reload)
{
    char *text = NULL;
    size_t length = 0;
    MoltError error = {0};
    if (molt_reload_dump(reload, true, &text, &length, &error) != MOLT_OK)
        fail("dump", error.text);
    return text;
}

/* The reload itself and what it must leave; `before` is the dump of the old state. */
static int run(MoltReload *reload, const char *folder, const char *before)
{
    MoltReloadEvent event;
    MoltHash digest = molt_heap_digest(molt_reload_heap(reload));
    molt_reload_force(reload, &event);
    printf("outcome %s\n", event.outcome);
    if (event.kind == MOLT_EVENT_LOAD_FAILED)
        printf("detail %s: %s\n", event.headline, event.detail);
    bool written = write_text(folder, "report.json", event.report_json);
    int result = 0;
    char *after = dump(reload);
    if (!after || !written || !write_text(folder, "after.json", after)) {
        result = fail(folder, "cannot be written");
    } else if (event.kind != MOLT_EVENT_RELOADED) {
        MoltHash now = molt_heap_digest(molt_reload_heap(reload));
        if (memcmp(&now, &digest, sizeof now) != 0)
            result = fail("refusal", "the state is not bit-identical");
        else if (strcmp(before, after) != 0)
            result = fail("refusal", "the dump differs");
    }
    if (result == 0 && !molt_reload_frame(reload))
        result = fail("frame", "the code that runs finds its state wrong");
    free(after);
    return result;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: programs-runner V1.so V2.so FOLDER\n");
        return 2;
    }
    char library[4096];
    snprintf(library, sizeof library, "%s/game.so", argv[3]);
    MoltPlatformApi api = {
        .size = sizeof api, .version = MOLT_PLATFORM_VERSION, .frame = zero, .seed = zero, .log = log_line};
    MoltReloadDesc desc = {.library = library, .api = &api, .no_build = true, .no_watch = true};
    MoltReload *reload = NULL;
    MoltError error = {0};
    char *before = NULL;
    int result = 1;
    if (!copy_file(argv[1], library)) {
        fail(library, "cannot be written");
    } else if (molt_reload_create(&desc, &reload, &error) != MOLT_OK ||
               molt_reload_start(reload, &error) != MOLT_OK) {
        fail("start", error.text);
    } else if (!molt_reload_frame(reload)) {
        fail("version 1", "its own frame fails");
    } else {
        before = dump(reload);
        unlink(library);
        if (!before || !write_text(argv[3], "before.json", before) || !copy_file(argv[2], library))
            fail(library, "cannot be replaced");
        else
            result = run(reload, argv[3], before);
        molt_reload_stop(reload);
    }
    free(before);
    molt_reload_destroy(reload);
    return result;
}
