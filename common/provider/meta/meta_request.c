#include "common/provider/meta/meta_request.h"

enum { URL_BYTES_MAX = 16 * 1024 };

void meta_url_start(struct buf *url, const struct provider_config *c, const char *node, const char *edge)
{
    size_t len = strlen(c->graph_url);

    while (len > 0 && c->graph_url[len - 1] == '/')
        len--;
    buf_init(url, URL_BYTES_MAX);
    buf_add(url, c->graph_url, len);
    buf_add_char(url, '/');
    buf_add_url(url, c->api_version);
    buf_add_char(url, '/');
    buf_add_url(url, node);
    if (edge != NULL) {
        buf_add_char(url, '/');
        buf_add_str(url, edge);
    }
}

void meta_url_param(struct buf *url, const char *name, const char *value)
{
    buf_add_char(url, strchr(buf_str(url), '?') == NULL ? '?' : '&');
    buf_add_str(url, name);
    buf_add_char(url, '=');
    buf_add_url(url, value);
}

int meta_url_finish(struct buf *url, const struct provider_config *c, const struct secret *token,
                    struct http_request *out, struct err *e)
{
    char proof[65];

    if (c->app_secret != NULL && token != NULL) {
        secret_hmac_hex(c->app_secret, token, proof);
        meta_url_param(url, "appsecret_proof", proof);
    }
    if (url->overflow) {
        buf_free(url);
        return err_set(e, ERR_LIMIT, "the URL of a call to Meta is longer than %d bytes", URL_BYTES_MAX);
    }
    *out = (struct http_request){.method = "GET", .url = url->data, .bearer = token};
    return 0;
}
