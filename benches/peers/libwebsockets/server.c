/*
 * The chat on libwebsockets: a message is encoded once and counted by those who have yet to send it, each client has
 * a queue of references, and is written to in LWS_CALLBACK_SERVER_WRITEABLE alone, one message a callback, as the
 * library's documentation asks for it.
 *
 * That documentation shares one lws_ring among all clients instead. The ring's oldest tail must then be found again
 * whenever a client has sent something, by a walk over all of them; a queue for each client spares that.
 *
 * The event loop is the library's own, on poll(), which is what one gets without asking for another.
 *
 * It speaks the part of the protocol that the benchmark needs, prints its port, and ends when stdin does.
 */

#include <libwebsockets.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
	NAME_BYTES_MAX = 128,
	CONTENT_BYTES_MAX = 4096,
	REQUEST_BYTES_MAX = 64 * 1024,
	RECEIVE_BYTES = 4096,
	/* An escaped byte takes up to six. */
	NAME_JSON_BYTES = NAME_BYTES_MAX * 6 + 1,
	CONTENT_JSON_BYTES = CONTENT_BYTES_MAX * 6 + 1,
	ENVELOPE_BYTES = 256,
	QUEUE_MIN = 16,
	/* Who has more to be sent than this is closed. */
	QUEUE_MAX = 1 << 16,
	/* The library's tables are as large as the limit of descriptors; more than this are not needed. */
	DESCRIPTORS_MAX = 1 << 17,
};

struct message {
	unsigned int references;
	size_t length;
	/* The library writes its header into the first LWS_PRE bytes, the same one each time. */
	unsigned char bytes[];
};

struct client {
	struct lws_dll2 list;
	struct lws *wsi;
	char name[NAME_BYTES_MAX + 1];
	/* A ring, whose size is a power of two. */
	struct message **queue;
	unsigned int first, count, size;
	/* The beginning of a request whose rest has not come. */
	char *partial;
	size_t partial_length;
};

/* What a client asks for; strings that are missing or too long are empty. */
struct request {
	char type[32];
	char sender[NAME_BYTES_MAX + 1];
	char target[NAME_BYTES_MAX + 1];
	char content[CONTENT_BYTES_MAX + 1];
};

/* The registered, in the order in which they came. */
static struct lws_dll2_owner users;

/* Whether all others are told of who comes and goes. */
static int announces = 1;

/* ---- Messages and queues ---- */

static void release(struct message *message)
{
	if (--message->references == 0)
		free(message);
}

/* The caller holds the first reference. */
static struct message *message_new(size_t length_max)
{
	struct message *message = malloc(sizeof(*message) + LWS_PRE + length_max);

	if (message == NULL)
		abort();
	message->references = 1;
	message->length = 0;
	return message;
}

static char *text_of(struct message *message)
{
	return (char *)message->bytes + LWS_PRE;
}

static int grow(struct client *client)
{
	unsigned int size = client->size ? client->size * 2 : QUEUE_MIN, i;
	struct message **queue;

	if (size > QUEUE_MAX || (queue = malloc(size * sizeof(*queue))) == NULL)
		return -1;
	for (i = 0; i < client->count; i++)
		queue[i] = client->queue[(client->first + i) & (client->size - 1)];
	free(client->queue);
	client->queue = queue;
	client->size = size;
	client->first = 0;
	return 0;
}

static void enqueue(struct client *client, struct message *message)
{
	if (client->count == client->size && grow(client)) {
		lws_set_timeout(client->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
		return;
	}
	message->references++;
	client->queue[(client->first + client->count++) & (client->size - 1)] = message;
	/* Otherwise it is asked for already. */
	if (client->count == 1)
		lws_callback_on_writable(client->wsi);
}

static struct message *dequeue(struct client *client)
{
	struct message *message = client->queue[client->first];

	client->first = (client->first + 1) & (client->size - 1);
	client->count--;
	return message;
}

static void tell(struct client *client, struct message *message)
{
	enqueue(client, message);
	release(message);
}

static void tell_all_but(const struct client *except, struct message *message)
{
	lws_start_foreach_dll(struct lws_dll2 *, item, lws_dll2_get_head(&users)) {
		struct client *client = lws_container_of(item, struct client, list);

		if (client != except)
			enqueue(client, message);
	} lws_end_foreach_dll(item);
	release(message);
}

static struct client *user_by_name(const char *name)
{
	lws_start_foreach_dll(struct lws_dll2 *, item, lws_dll2_get_head(&users)) {
		struct client *client = lws_container_of(item, struct client, list);

		if (!strcmp(client->name, name))
			return client;
	} lws_end_foreach_dll(item);
	return NULL;
}

/* ---- What is said ---- */

/*
 * Writes a string as it stands in JSON, and returns its end. The library's lws_json_purify takes the bytes of UTF-8
 * for characters.
 */
static char *escape(char *out, const char *string)
{
	for (; *string; string++) {
		unsigned char byte = (unsigned char)*string;

		if (byte == '"' || byte == '\\') {
			*out++ = '\\';
			*out++ = (char)byte;
		} else if (byte < ' ') {
			out += sprintf(out, "\\u%04x", byte);
		} else {
			*out++ = (char)byte;
		}
	}
	*out = '\0';
	return out;
}

static const char *timestamp(void)
{
	static char text[32];
	char seconds[24];
	struct timespec now;
	struct tm utc;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(text, sizeof(text), "%s.%03dZ", seconds, (int)(now.tv_nsec / 1000000));
	return text;
}

static struct message *status_update(const char *user, const char *status)
{
	struct message *message = message_new(ENVELOPE_BYTES + NAME_JSON_BYTES);
	char name[NAME_JSON_BYTES];

	escape(name, user);
	message->length = (size_t)sprintf(text_of(message),
		"{\"type\":\"status_update\",\"sender\":\"server\",\"content\":{\"user\":\"%s\",\"status\":\"%s\"},"
		"\"timestamp\":\"%s\"}", name, status, timestamp());
	return message;
}

static struct message *user_disconnected(const char *user)
{
	struct message *message = message_new(ENVELOPE_BYTES + 2 * NAME_JSON_BYTES);
	char name[NAME_JSON_BYTES];

	escape(name, user);
	message->length = (size_t)sprintf(text_of(message),
		"{\"type\":\"user_disconnected\",\"sender\":\"server\",\"content\":\"%s ha salido\",\"user\":\"%s\","
		"\"timestamp\":\"%s\"}", name, name, timestamp());
	return message;
}

static struct message *error(const char *sentence)
{
	struct message *message = message_new(ENVELOPE_BYTES + strlen(sentence));

	message->length = (size_t)sprintf(text_of(message),
		"{\"type\":\"error\",\"sender\":\"server\",\"content\":\"%s\",\"timestamp\":\"%s\"}", sentence, timestamp());
	return message;
}

/* What a user says, to all or to a target. */
static struct message *relayed(const char *user, const struct request *request)
{
	struct message *message = message_new(ENVELOPE_BYTES + 2 * NAME_JSON_BYTES + CONTENT_JSON_BYTES);
	static char content[CONTENT_JSON_BYTES];
	char name[NAME_JSON_BYTES], target[NAME_JSON_BYTES];
	char *text = text_of(message);

	escape(name, user);
	escape(content, request->content);
	text += sprintf(text, "{\"type\":\"%s\",\"sender\":\"%s\",", request->type, name);
	if (!strcmp(request->type, "private")) {
		escape(target, request->target);
		text += sprintf(text, "\"target\":\"%s\",", target);
	}
	text += sprintf(text, "\"content\":\"%s\",\"timestamp\":\"%s\"}", content, timestamp());
	message->length = (size_t)(text - text_of(message));
	return message;
}

/* The names of all, between what stands before and behind them. */
static struct message *with_names(const char *before, const char *behind)
{
	size_t length_max = ENVELOPE_BYTES;
	struct message *message;
	char *text;

	lws_start_foreach_dll(struct lws_dll2 *, item, lws_dll2_get_head(&users)) {
		length_max += 6 * strlen(lws_container_of(item, struct client, list)->name) + 3;
	} lws_end_foreach_dll(item);
	message = message_new(length_max);
	text = text_of(message) + sprintf(text_of(message), "%s", before);
	lws_start_foreach_dll(struct lws_dll2 *, item, lws_dll2_get_head(&users)) {
		if (item->prev)
			*text++ = ',';
		*text++ = '"';
		text = escape(text, lws_container_of(item, struct client, list)->name);
		*text++ = '"';
	} lws_end_foreach_dll(item);
	text += sprintf(text, "%s,\"timestamp\":\"%s\"}", behind, timestamp());
	message->length = (size_t)(text - text_of(message));
	return message;
}

/* ---- What is asked ---- */

static const char *const paths[] = { "type", "sender", "target", "content" };

static signed char on_json(struct lejp_ctx *context, char reason)
{
	struct request *request = context->user;
	struct { char *text; size_t size; } fields[] = {
		{ request->type, sizeof(request->type) },
		{ request->sender, sizeof(request->sender) },
		{ request->target, sizeof(request->target) },
		{ request->content, sizeof(request->content) },
	};
	char *text;
	size_t length;

	if ((reason != LEJPCB_VAL_STR_CHUNK && reason != LEJPCB_VAL_STR_END) || !context->path_match)
		return 0;
	text = fields[context->path_match - 1].text;
	length = strlen(text);
	if (length + context->npos >= fields[context->path_match - 1].size)
		return -1;
	memcpy(text + length, context->buf, context->npos);
	text[length + context->npos] = '\0';
	return 0;
}

static void on_register(struct client *client, const struct request *request)
{
	if (client->name[0] || !request->sender[0] || user_by_name(request->sender)) {
		tell(client, error("this connection or this name is registered already"));
		return;
	}
	strcpy(client->name, request->sender);
	lws_dll2_add_tail(&client->list, &users);
	tell(client, with_names("{\"type\":\"register_success\",\"sender\":\"server\","
		"\"content\":\"Registro exitoso\",\"userList\":[", "]"));
	if (announces)
		tell_all_but(client, status_update(client->name, "ACTIVO"));
}

static void on_private(struct client *client, const struct request *request)
{
	struct client *target = user_by_name(request->target);
	struct message *message;

	if (target == NULL) {
		tell(client, error("the target is not connected"));
		return;
	}
	message = relayed(client->name, request);
	if (target != client)
		enqueue(target, message);
	tell(client, message);
}

static void on_change_status(struct client *client, const struct request *request)
{
	if (strcmp(request->content, "ACTIVO") && strcmp(request->content, "OCUPADO") &&
	    strcmp(request->content, "INACTIVO"))
		tell(client, error("a status is ACTIVO, OCUPADO or INACTIVO"));
	else
		tell_all_but(NULL, status_update(client->name, request->content));
}

static void on_request(struct client *client, const char *json, size_t length)
{
	static struct request request;
	struct lejp_ctx context;
	int rest;

	request.type[0] = request.sender[0] = request.target[0] = request.content[0] = '\0';
	lejp_construct(&context, on_json, &request, paths, LWS_ARRAY_SIZE(paths));
	rest = lejp_parse(&context, (const unsigned char *)json, (int)length);
	lejp_destruct(&context);

	if (rest < 0)
		tell(client, error("not JSON, or too long"));
	else if (!strcmp(request.type, "register"))
		on_register(client, &request);
	else if (!client->name[0])
		tell(client, error("register first"));
	else if (!strcmp(request.type, "broadcast"))
		tell_all_but(NULL, relayed(client->name, &request));
	else if (!strcmp(request.type, "private"))
		on_private(client, &request);
	else if (!strcmp(request.type, "list_users"))
		tell(client, with_names("{\"type\":\"list_users_response\",\"sender\":\"server\",\"content\":[", "]"));
	else if (!strcmp(request.type, "change_status"))
		on_change_status(client, &request);
	else
		tell(client, error("unknown type"));
}

/* ---- What the library calls ---- */

/* Requests come whole, but for long ones. */
static int on_receive(struct client *client, const char *bytes, size_t length)
{
	int is_last = lws_is_final_fragment(client->wsi) && !lws_remaining_packet_payload(client->wsi);
	char *partial;

	if (is_last && client->partial == NULL) {
		on_request(client, bytes, length);
		return 0;
	}
	if (client->partial_length + length > REQUEST_BYTES_MAX ||
	    (partial = realloc(client->partial, client->partial_length + length)) == NULL)
		return -1;
	memcpy(partial + client->partial_length, bytes, length);
	client->partial = partial;
	client->partial_length += length;
	if (is_last) {
		on_request(client, client->partial, client->partial_length);
		free(client->partial);
		client->partial = NULL;
		client->partial_length = 0;
	}
	return 0;
}

static int on_writable(struct client *client)
{
	struct message *message;
	int written;

	if (client->count == 0)
		return 0;
	message = dequeue(client);
	written = lws_write(client->wsi, message->bytes + LWS_PRE, message->length, LWS_WRITE_TEXT);
	if (written < (int)message->length) {
		release(message);
		return -1;
	}
	release(message);
	if (client->count)
		lws_callback_on_writable(client->wsi);
	return 0;
}

static void on_closed(struct client *client)
{
	while (client->count)
		release(dequeue(client));
	free(client->queue);
	free(client->partial);
	if (client->name[0]) {
		lws_dll2_remove(&client->list);
		if (announces)
			tell_all_but(NULL, user_disconnected(client->name));
	}
}

static int is_chat(struct lws *wsi)
{
	char path[8];

	return lws_hdr_copy(wsi, path, sizeof(path), WSI_TOKEN_GET_URI) > 0 && !strcmp(path, "/chat");
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
	struct client *client = user;

	switch (reason) {
	case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
		return !is_chat(wsi);
	case LWS_CALLBACK_ESTABLISHED:
		client->wsi = wsi;
		return 0;
	case LWS_CALLBACK_RECEIVE:
		return on_receive(client, in, length);
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return on_writable(client);
	case LWS_CALLBACK_CLOSED:
		on_closed(client);
		return 0;
	default:
		return lws_callback_http_dummy(wsi, reason, user, in, length);
	}
}

static const struct lws_protocols protocols[] = {
	{ .name = "chat-protocol", .callback = on_event, .per_session_data_size = sizeof(struct client),
	  .rx_buffer_size = RECEIVE_BYTES },
	{ .name = NULL },
};

static void *end_with_stdin(void *unused)
{
	char byte;

	(void)unused;
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	_exit(0);
}

/*
 * Sets the limit that the library sizes its tables by. Its own fd_limit_per_thread stays 0: a smaller limit than the
 * process's would turn each look-up of a descriptor into a search.
 */
static void set_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max < DESCRIPTORS_MAX ? limit.rlim_max : DESCRIPTORS_MAX;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
	struct lws_context_creation_info info = {
		.port = 0,
		.iface = "127.0.0.1",
		.protocols = protocols,
		.vhost_name = "chat",
		.options = LWS_SERVER_OPTION_DISABLE_IPV6,
		/* Extensions are not named, so nothing is compressed. */
	};
	struct lws_context *context;
	pthread_t thread;
	int i;

	if (argc > 1 && !strcmp(argv[1], "--version")) {
		/* Behind a dash it names a commit. */
		const char *version = lws_get_library_version();

		printf("libwebsockets %.*s\n", (int)strcspn(version, "-"), version);
		return 0;
	}
	for (i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--no-announcements"))
			announces = 0;
	set_descriptors();
	lws_set_log_level(LLL_ERR, NULL);
	context = lws_create_context(&info);
	if (context == NULL || pthread_create(&thread, NULL, end_with_stdin, NULL))
		return 1;
	printf("%d\n", lws_get_vhost_listen_port(lws_get_vhost_by_name(context, "chat")));
	fflush(stdout);
	while (lws_service(context, 0) >= 0)
		;
	lws_context_destroy(context);
	return 0;
}
