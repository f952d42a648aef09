/* A folder of this process alone, for copies of libraries and what else is not for others to see. It must
 * never know what is in it. */
#ifndef MOLT_CORE_PRIVATE_FOLDER_H
#define MOLT_CORE_PRIVATE_FOLDER_H

#include <molt/status.h>

/* Makes one in TMPDIR, else in /tmp. The caller frees *out and removes the folder. MOLT_SYSTEM,
 * MOLT_OUT_OF_MEMORY. */
MoltStatus molt__private_folder_make(char **out, MoltError *error);

#endif
