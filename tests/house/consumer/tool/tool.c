#include <stdio.h>

#include <molt/reload.h>

int main(void)
{
    MoltReload *reload = NULL;
    MoltReloadDesc desc = {.library = "libnone.so", .no_build = true, .no_watch = true};
    MoltPlatformApi api = {.size = sizeof api, .version = MOLT_PLATFORM_VERSION};
    desc.api = &api;
    MoltStatus status = molt_reload_create(&desc, &reload, NULL);
    molt_reload_destroy(reload);
    printf("%s %s\n", molt_status_id(status), molt_event_id(MOLT_EVENT_BUILD_FAILED));
    return 0;
}
