/* A temporary folder for one test, and the few file operations that editors and linkers do.
 * Every call fails the running test when the system refuses. */
#ifndef MOLT_TEST_SANDBOX_H
#define MOLT_TEST_SANDBOX_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* cmocka fixtures: *state is the folder's path (char *). */
int sandbox_setup(void **state);
int sandbox_teardown(void **state);

/* "<folder>/<name>", valid until the eighth next call. */
const char *sandbox_path(void *const *state, const char *name);

void sandbox_write(const char *path, const void *bytes, size_t size); /* open, write, close */
void sandbox_text(const char *path, const char *text);
void sandbox_replace(const char *path, const char *source);  /* copy beside, then rename over it */
unsigned char *sandbox_read(const char *path, size_t *size); /* caller frees */
void sandbox_folder(const char *path);
void sandbox_remove(const char *path); /* with everything below */
void sandbox_sleep(unsigned milliseconds);

/* Mappings more that there may be when ranges are kept closed: a sanitizer's areas would be one where they
 * lie side by side, and those part them. */
#ifdef __SANITIZE_ADDRESS__
#define SANDBOX_PARTS 256
#else
#define SANDBOX_PARTS 0
#endif

unsigned sandbox_open_files(void);           /* descriptors of this process */
unsigned sandbox_mappings(const char *part); /* lines of /proc/self/maps that hold `part` */
unsigned sandbox_closed_mappings(void);      /* those that are without access and of no file */
unsigned sandbox_zombies(void);              /* dead children that nobody waited for */

#endif
