// The chat on Bun, which has uWebSockets inside: one topic that every user subscribes to, and what all shall hear is
// published to it. What leaves in one turn of its loop leaves together, and compression stays off, as is its default.
//
// It speaks the part of the protocol that the benchmark needs, prints its port, and ends when stdin does.

const HOST = "127.0.0.1";
const TOPIC = "chat";
const NAME_CHARS_MAX = 32;
const STATUSES = ["ACTIVO", "OCUPADO", "INACTIVO"];
const REQUEST_BYTES_MAX = 64 * 1024;
/** Who has more than this unread is closed. */
const UNSENT_BYTES_MAX = 16 * 1024 * 1024;

const announces = !process.argv.includes("--no-announcements");

/** By name. */
const users = new Map();

const fromServer = (type, fields) =>
  JSON.stringify({ type, sender: "server", ...fields, timestamp: new Date().toISOString() });

const fromUser = (type, sender, fields) =>
  JSON.stringify({ type, sender, ...fields, timestamp: new Date().toISOString() });

const refuse = (socket, content) => socket.send(fromServer("error", { content }));

const requests = {
  register(socket, { sender }) {
    if (typeof sender !== "string" || sender.length === 0 || sender.length > NAME_CHARS_MAX) {
      return refuse(socket, "a name has 1 to 32 characters");
    }
    if (socket.data.name !== null || users.has(sender)) {
      return refuse(socket, `${sender} is registered already`);
    }
    socket.data.name = sender;
    users.set(sender, socket);
    socket.send(fromServer("register_success", { content: "Registro exitoso", userList: [...users.keys()] }));
    if (announces) {
      server.publish(TOPIC, fromServer("status_update", { content: { user: sender, status: "ACTIVO" } }));
    }
    socket.subscribe(TOPIC);
  },

  broadcast(socket, { content }) {
    if (typeof content !== "string" || content === "") return refuse(socket, "content is missing");
    server.publish(TOPIC, fromUser("broadcast", socket.data.name, { content }));
  },

  private(socket, { target, content }) {
    if (typeof content !== "string" || content === "") return refuse(socket, "content is missing");
    const receiver = users.get(target);
    if (receiver === undefined) return refuse(socket, `${target} is not connected`);
    const text = fromUser("private", socket.data.name, { target, content });
    receiver.send(text);
    if (receiver !== socket) socket.send(text);
  },

  list_users(socket) {
    socket.send(fromServer("list_users_response", { content: [...users.keys()] }));
  },

  change_status(socket, { content }) {
    if (!STATUSES.includes(content)) return refuse(socket, `a status is ${STATUSES.join(", ")}`);
    server.publish(TOPIC, fromServer("status_update", { content: { user: socket.data.name, status: content } }));
  },
};

function onMessage(socket, text) {
  let request;
  try {
    request = JSON.parse(text);
  } catch {
    return refuse(socket, "not JSON");
  }
  if (!Object.hasOwn(requests, request?.type)) return refuse(socket, "unknown type");
  if (request.type !== "register" && socket.data.name === null) return refuse(socket, "register first");
  requests[request.type](socket, request);
}

function onClose(socket) {
  const { name } = socket.data;
  if (name === null) return;
  users.delete(name);
  if (!announces) return;
  server.publish(TOPIC, fromServer("user_disconnected", { content: `${name} ha salido`, user: name }));
}

if (process.argv.includes("--version")) {
  console.log(`Bun ${Bun.version} (uWebSockets inside)`);
  process.exit();
}

const server = Bun.serve({
  hostname: HOST,
  port: 0,
  fetch(request, server) {
    const isChat = new URL(request.url).pathname === "/chat";
    if (isChat && server.upgrade(request, { data: { name: null } })) return undefined;
    return new Response("The chat is a WebSocket at /chat.\n", { status: isChat ? 426 : 404 });
  },
  websocket: {
    message: onMessage,
    close: onClose,
    perMessageDeflate: false,
    maxPayloadLength: REQUEST_BYTES_MAX,
    backpressureLimit: UNSENT_BYTES_MAX,
    closeOnBackpressureLimit: true,
  },
});
console.log(server.port);
process.stdin.on("end", () => process.exit()).resume();
