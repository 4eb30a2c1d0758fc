#include "common/base/settings.h"
#include "common/provider/provider.h"

struct provider_config provider_config_of(const struct settings *s)
{
    return (struct provider_config){.graph_url = s->meta_graph_url,
                                    .dialog_url = s->meta_dialog_url,
                                    .api_version = s->meta_api_version,
                                    .app_id = s->meta_app_id,
                                    .app_secret = s->meta_app_secret};
}
