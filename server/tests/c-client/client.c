/* A client as another team would write it from the protocol document: libwebsockets, messages sent as C strings
 * with some bytes too many, path and subprotocol as in the document.
 *
 * usage: client PORT NAME PATH SUBPROTOCOL
 * Registers, says "hola desde C" to everybody, leaves by "disconnect". Prints every message it receives. Exit
 * status 0 if it was welcomed, heard its own words and the server closed with 1000.
 */
#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REGISTER, SPEAK, LEAVE, DONE };

static struct {
    const char *name;
    int step, welcomed, heard, closed_normally, over;
} me;

static void send_text(struct lws *wsi, const char *json) {
    unsigned char buffer[LWS_PRE + 512];
    size_t length = strlen(json);
    memset(buffer, 0, sizeof buffer);
    memcpy(buffer + LWS_PRE, json, length);
    /* The document's own example sends more bytes than the string has. */
    lws_write(wsi, buffer + LWS_PRE, length + 8, LWS_WRITE_TEXT);
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len) {
    char json[256];
    (void)user;
    switch (reason) {
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        lws_callback_on_writable(wsi);
        break;
    case LWS_CALLBACK_CLIENT_RECEIVE: {
        char text[1024];
        snprintf(text, sizeof text, "%.*s", (int)len, (const char *)in);
        printf("%s\n", text);
        if (strstr(text, "register_success") && me.step == SPEAK) {
            me.welcomed = 1;
            lws_callback_on_writable(wsi);
        }
        if (strstr(text, "hola desde C") && strstr(text, me.name) && me.step == LEAVE) {
            me.heard = 1;
            lws_callback_on_writable(wsi);
        }
        break;
    }
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        if (me.step == REGISTER) {
            snprintf(json, sizeof json, "{\"type\": \"register\", \"sender\": \"%s\", \"content\": null}", me.name);
        } else if (me.step == SPEAK && me.welcomed) {
            snprintf(json, sizeof json,
                     "{\"type\": \"broadcast\", \"sender\": \"%s\", \"content\": \"hola desde C\", \"timestamp\": 17}", me.name);
        } else if (me.step == LEAVE && me.heard) {
            snprintf(json, sizeof json, "{\"type\": \"disconnect\", \"sender\": \"%s\", \"content\": \"Cierre de sesión\"}", me.name);
        } else {
            break;
        }
        me.step++;
        send_text(wsi, json);
        break;
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        me.closed_normally = len >= 2 && ((unsigned char *)in)[0] == 0x03 && ((unsigned char *)in)[1] == 0xe8;
        break;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        fprintf(stderr, "no connection: %s\n", in ? (const char *)in : "?");
        me.over = 1;
        break;
    case LWS_CALLBACK_CLIENT_CLOSED:
        me.over = 1;
        break;
    default:
        break;
    }
    return 0;
}

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(stderr, "usage: client PORT NAME PATH SUBPROTOCOL\n");
        return 2;
    }
    me.name = argv[2];
    lws_set_log_level(0, NULL);
    struct lws_protocols protocols[] = {{argv[4], on_event, 0, 4096, 0, NULL, 0}, {NULL, NULL, 0, 0, 0, NULL, 0}};
    struct lws_context_creation_info info;
    memset(&info, 0, sizeof info);
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.protocols = protocols;
    info.gid = info.uid = -1;
    struct lws_context *context = lws_create_context(&info);
    if (!context) return 1;
    struct lws_client_connect_info connect;
    memset(&connect, 0, sizeof connect);
    connect.context = context;
    connect.address = connect.host = connect.origin = "127.0.0.1";
    connect.port = atoi(argv[1]);
    connect.path = argv[3];
    connect.protocol = argv[4];
    if (!lws_client_connect_via_info(&connect)) return 1;
    /* Ten seconds are plenty; lws_service returns at least once a second here. */
    for (time_t start = time(NULL); !me.over && time(NULL) - start < 10;) lws_service(context, 100);
    lws_context_destroy(context);
    if (me.welcomed && me.heard && me.closed_normally) return 0;
    fprintf(stderr, "welcomed %d, heard %d, closed with 1000 %d\n", me.welcomed, me.heard, me.closed_normally);
    return 1;
}
