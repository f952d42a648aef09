#include "saves.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

void molt__saves_init(MoltSaves *saves, const char *library)
{
    const char *name = strrchr(library, '/');
    name = name ? name + 1 : library;
    if (strncmp(name, "lib", 3) == 0 && name[3] != '.' && name[3] != '\0')
        name += 3;
    int length = (int)strcspn(name, ".");
    length = length < 200 ? length : 200;
    snprintf(saves->quick, sizeof saves->quick, "%.*s.save.molt", length, name);
    snprintf(saves->autosave, sizeof saves->autosave, "%.*s.autosave.molt", length, name);
    snprintf(saves->crashed, sizeof saves->crashed, "%.*s.crashed.molt", length, name);
    snprintf(saves->ended, sizeof saves->ended, "%.*s.ended.molt", length, name);
    snprintf(saves->lock_path, sizeof saves->lock_path, "%.*s.autosave.lock", length, name);
    saves->lock = -1;
}

/* ---- saving and loading --------------------------------------------------------------------- */

static void tell(MoltSaves *saves, const char *word, const char *path, uint64_t nanoseconds,
                 const MoltReport *report, const char *problem, uint64_t now)
{
    MoltSummary summary;
    char *text = problem || report->count == 0 ? NULL : molt_report_to_text(report);
    molt__summary_write_file(word, path, nanoseconds, report, problem, &summary);
    if (!molt_reload_frozen(saves->reload)) /* a load lets the game go on */
        molt__overlay_set_crash(saves->overlay, "");
    molt__overlay_show(saves->overlay, &summary, now);
    if (problem)
        fprintf(stderr, "molt-host: not %s: %s\n", word, problem);
    else
        fprintf(stderr, "molt-host: state %s: %s\n%s", word, path, text ? text : "");
    free(text);
}

MoltStatus molt__saves_save(MoltSaves *saves, const char *path, bool quiet, uint64_t now,
                            MoltError *error)
{
    const MoltPlatform *platform = saves->platform;
    const MoltHostState host = {platform->frame + platform->frames_before, platform->seed};
    MoltReport report;
    uint64_t start = now_ns();
    molt_report_init(&report, NULL);
    molt_reload_own_file(saves->reload, path);
    MoltStatus status = molt_reload_save(saves->reload, path, &host, sizeof host, &report, error);
    uint64_t taken = now_ns() - start;
    const char *problem = status == MOLT_OK ? NULL : error->text;
    molt__events_state(saves->events, "saved", path, platform->frame, taken, &report, problem);
    if (!quiet || problem)
        tell(saves, "saved", path, taken, &report, problem, now);
    molt_report_clear(&report);
    return status;
}

MoltStatus molt__saves_load(MoltSaves *saves, const char *path, uint64_t now, MoltError *error)
{
    MoltPlatform *platform = saves->platform;
    MoltHostState host;
    MoltReport report;
    bool found = false;
    uint64_t start = now_ns();
    molt_report_init(&report, NULL);
    MoltStatus status = molt_reload_load(saves->reload, path, saves->trust, &host, sizeof host,
                                         &found, &report, error);
    uint64_t taken = now_ns() - start;
    const char *problem = status == MOLT_OK ? NULL : error->text;
    if (!problem && found) {
        platform->frames_before = host.frame - platform->frame;
        platform->seed = host.seed;
    }
    molt__events_state(saves->events, "loaded", path, platform->frame, taken, &report, problem);
    if (!problem || !saves->opening)
        tell(saves, "loaded", path, taken, &report, problem, now);
    molt_report_clear(&report);
    return status;
}

/* ---- autosaves ------------------------------------------------------------------------------ */

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* Whoever held the lock before may have removed the file meanwhile: then it is opened anew. */
static int take_lock(const char *path)
{
    for (int attempt = 0; attempt < 16; attempt++) {
        struct stat mine, there;
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (fd < 0)
            return -1;
        if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &mine) == 0 && stat(path, &there) == 0 &&
            mine.st_ino == there.st_ino && mine.st_dev == there.st_dev)
            return fd;
        bool held = errno == EWOULDBLOCK;
        close(fd);
        if (held)
            return -1;
    }
    return -1;
}

/* What a session left last, or NULL. */
static const char *newest_left(const MoltSaves *saves)
{
    struct stat crashed, ended;
    if (stat(saves->crashed, &crashed) != 0)
        return exists(saves->ended) ? saves->ended : NULL;
    if (stat(saves->ended, &ended) != 0)
        return saves->crashed;
    const struct timespec *a = &crashed.st_mtim, *b = &ended.st_mtim;
    bool later = b->tv_sec != a->tv_sec ? b->tv_sec > a->tv_sec : b->tv_nsec > a->tv_nsec;
    return later ? saves->ended : saves->crashed;
}

/* Says what there is and how to go on with it. */
static void offer(const MoltSaves *saves, const char *left, uint64_t now)
{
    struct stat info;
    bool ended = left == saves->ended;
    char when[64] = "unknown", text[600];
    struct tm local;
    if (stat(left, &info) == 0 && localtime_r(&info.st_mtime, &local))
        strftime(when, sizeof when, "%F %T", &local);
    snprintf(text, sizeof text,
             "A session before this one %s. Its state of %s is in %s: start with --recover to go on "
             "with it, or remove the file.",
             ended ? "was ended from outside, as by a logout or a closed terminal, or by exit()"
                   : "did not end in order",
             when, left);
    fprintf(stderr, "molt-host: %s\n", text);
    MoltSummary summary = {.mood = MOLT__MOOD_LOSS, .row_count = 1};
    snprintf(summary.word, sizeof summary.word, "%s", ended ? "ended" : "crashed");
    molt__summary_clean(left, summary.subject, sizeof summary.subject);
    snprintf(summary.facts, sizeof summary.facts, "state of %s", when);
    summary.rows[0].mood = MOLT__MOOD_PLAIN;
    molt__summary_clean(text, summary.rows[0].text, sizeof summary.rows[0].text);
    molt__overlay_show(saves->overlay, &summary, now);
}

/* What an earlier session left, and nobody has taken or removed, makes room for what a later one left. */
static void keep_older(const char *path)
{
    char older[MOLT__SAVE_PATH + 16];
    int length = (int)strlen(path) - (int)strlen(".molt");
    for (int number = 1; number < 1000; number++) {
        snprintf(older, sizeof older, "%.*s.%d.molt", length, path, number);
        if (exists(older))
            continue;
        if (rename(path, older) == 0)
            fprintf(stderr, "molt-host: an older session left %s, which is %s now\n", path, older);
        return;
    }
}

/* False, with a line, when another session has it. */
static bool hold_lock(MoltSaves *saves)
{
    if (saves->lock < 0)
        saves->lock = take_lock(saves->lock_path);
    if (saves->lock < 0)
        fprintf(stderr,
                "molt-host: no autosaves: another session makes them in this folder, or %s cannot "
                "be written\n",
                saves->lock_path);
    return saves->lock >= 0;
}

MoltStatus molt__saves_open(MoltSaves *saves, bool recover, uint64_t now, MoltError *error)
{
    if (saves->every == 0 && !exists(saves->autosave) && !newest_left(saves)) {
        if (recover)
            fputs("molt-host: there is nothing to recover; the game begins as without --recover\n", stderr);
        return MOLT_OK;
    }
    if (!hold_lock(saves)) {
        saves->every = 0;
        return MOLT_OK;
    }
    if (exists(saves->autosave) && exists(saves->crashed))
        keep_older(saves->crashed);
    if (exists(saves->autosave) && rename(saves->autosave, saves->crashed) != 0)
        fprintf(stderr, "molt-host: cannot rename %s: %s\n", saves->autosave, strerror(errno));
    const char *left = newest_left(saves);
    if (!left) {
        if (recover)
            fputs("molt-host: there is nothing to recover; the game begins as without --recover\n", stderr);
        return MOLT_OK;
    }
    if (!recover) {
        offer(saves, left, now);
        return MOLT_OK;
    }
    MoltStatus status = molt__saves_load(saves, left, now, error);
    saves->recovered = status == MOLT_OK ? left : NULL;
    return status;
}

void molt__saves_frame(MoltSaves *saves, uint64_t now)
{
    uint64_t frame = saves->platform->frame;
    MoltError error;
    if (saves->every == 0 || frame == 0 || frame % saves->every != 0)
        return;
    molt__saves_save(saves, saves->autosave, true, now, &error);
}

/* The new file replaces the one that the session began with, whose state lives on in it. */
static bool make_room(MoltSaves *saves)
{
    if (!hold_lock(saves))
        return false;
    if (exists(saves->ended) && saves->recovered != saves->ended)
        keep_older(saves->ended);
    return true;
}

bool molt__saves_keep(MoltSaves *saves, uint64_t now)
{
    MoltError error;
    if (!make_room(saves))
        return false;
    saves->kept = molt__saves_save(saves, saves->ended, false, now, &error) == MOLT_OK;
    return saves->kept;
}

MoltStatus molt__saves_keep_checkpoint(MoltSaves *saves, uint64_t *age_ns, MoltError *error)
{
    if (!make_room(saves))
        return molt_error(error, MOLT_BUSY, "%s cannot be locked.", saves->lock_path);
    MoltStatus status = molt_reload_keep_checkpoint(saves->reload, saves->ended, age_ns, error);
    saves->kept = status == MOLT_OK;
    return status;
}

void molt__saves_close(MoltSaves *saves, bool in_order)
{
    if (saves->lock < 0)
        return;
    if (in_order) {
        unlink(saves->autosave);
        if (saves->recovered && !(saves->kept && saves->recovered == saves->ended))
            unlink(saves->recovered);
    }
    unlink(saves->lock_path);
    close(saves->lock);
    saves->lock = -1;
}
