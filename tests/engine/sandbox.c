#include "sandbox.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int sandbox_setup(void **state)
{
    const char *base = getenv("TMPDIR");
    char path[512];
    snprintf(path, sizeof path, "%s/molt-test-XXXXXX", base != NULL ? base : "/tmp");
    *state = mkdtemp(path) != NULL ? strdup(path) : NULL;
    return *state != NULL ? 0 : -1;
}

int sandbox_teardown(void **state)
{
    sandbox_remove(*state);
    free(*state);
    return 0;
}

const char *sandbox_path(void *const *state, const char *name)
{
    static char paths[8][1024];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", (const char *)*state, name);
    return path;
}

void sandbox_write(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

void sandbox_text(const char *path, const char *text)
{
    sandbox_write(path, text, strlen(text));
}

unsigned char *sandbox_read(const char *path, size_t *size)
{
    struct stat status;
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &status), 0);
    *size = (size_t)status.st_size;
    unsigned char *bytes = malloc(*size + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    bytes[*size] = 0;
    fclose(file);
    return bytes;
}

void sandbox_replace(const char *path, const char *source)
{
    char beside[1100];
    size_t size;
    unsigned char *bytes = sandbox_read(source, &size);
    snprintf(beside, sizeof beside, "%s.new", path);
    sandbox_write(beside, bytes, size);
    free(bytes);
    assert_int_equal(rename(beside, path), 0);
}

void sandbox_folder(const char *path)
{
    assert_int_equal(mkdir(path, 0700), 0);
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

void sandbox_remove(const char *path)
{
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

void sandbox_sleep(unsigned milliseconds)
{
    struct timespec time = {.tv_sec = milliseconds / 1000,
                            .tv_nsec = (long)(milliseconds % 1000) * 1000000};
    nanosleep(&time, NULL);
}

unsigned sandbox_open_files(void)
{
    unsigned count = 0;
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    while (readdir(folder) != NULL) {
        count++;
    }
    closedir(folder);
    return count;
}

static unsigned count_lines(const char *path, const char *part)
{
    unsigned count = 0;
    char line[4096];
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return 0;
    }
    while (fgets(line, sizeof line, file) != NULL) {
        count += strstr(line, part) != NULL;
    }
    fclose(file);
    return count;
}

unsigned sandbox_mappings(const char *part)
{
    return count_lines("/proc/self/maps", part);
}

unsigned sandbox_closed_mappings(void)
{
    return sandbox_mappings(" ---p 00000000 00:00 0");
}

unsigned sandbox_zombies(void)
{
    unsigned count = 0;
    char path[300], parent[64];
    DIR *folder = opendir("/proc");
    struct dirent *entry;
    assert_non_null(folder);
    snprintf(parent, sizeof parent, "PPid:\t%d\n", (int)getpid());
    while ((entry = readdir(folder)) != NULL) {
        snprintf(path, sizeof path, "/proc/%s/status", entry->d_name);
        count += count_lines(path, parent) > 0 && count_lines(path, "State:\tZ") > 0;
    }
    closedir(folder);
    return count;
}
