// The chat on Node.js with `ws`: a text for all is made and encoded once, and a loop sends it to one client after
// another, as the library's documentation does it with what it has received. The optional native parts of `ws` are not
// installed, compression is off.
//
// It speaks the part of the protocol that the benchmark needs, prints its port, and ends when stdin does.

import { createRequire } from "node:module";
import { WebSocket, WebSocketServer } from "ws";

const HOST = "127.0.0.1";
const NAME_CHARS_MAX = 32;
const STATUSES = ["ACTIVO", "OCUPADO", "INACTIVO"];
const REQUEST_BYTES_MAX = 64 * 1024;
/** Who has more than this unread is closed. */
const UNSENT_BYTES_MAX = 16 * 1024 * 1024;
/** As many as Linux allows: Node.js would let 511 wait to be accepted. */
const BACKLOG = 4096;

const announces = !process.argv.includes("--no-announcements");

/** Sockets by name. */
const users = new Map();

const fromServer = (type, fields) =>
  JSON.stringify({ type, sender: "server", ...fields, timestamp: new Date().toISOString() });

const fromUser = (type, sender, fields) =>
  JSON.stringify({ type, sender, ...fields, timestamp: new Date().toISOString() });

const refuse = (socket, content) => socket.send(fromServer("error", { content }));

function tellAll(text) {
  const bytes = Buffer.from(text);
  for (const socket of users.values()) {
    if (socket.bufferedAmount > UNSENT_BYTES_MAX) socket.terminate();
    else if (socket.readyState === WebSocket.OPEN) socket.send(bytes, { binary: false });
  }
}

const requests = {
  register(socket, { sender }) {
    if (typeof sender !== "string" || sender.length === 0 || sender.length > NAME_CHARS_MAX) {
      return refuse(socket, "a name has 1 to 32 characters");
    }
    if (socket.name !== null || users.has(sender)) return refuse(socket, `${sender} is registered already`);
    socket.name = sender;
    if (announces) tellAll(fromServer("status_update", { content: { user: sender, status: "ACTIVO" } }));
    users.set(sender, socket);
    socket.send(fromServer("register_success", { content: "Registro exitoso", userList: [...users.keys()] }));
  },

  broadcast(socket, { content }) {
    if (typeof content !== "string" || content === "") return refuse(socket, "content is missing");
    tellAll(fromUser("broadcast", socket.name, { content }));
  },

  private(socket, { target, content }) {
    if (typeof content !== "string" || content === "") return refuse(socket, "content is missing");
    const receiver = users.get(target);
    if (receiver === undefined) return refuse(socket, `${target} is not connected`);
    const text = fromUser("private", socket.name, { target, content });
    receiver.send(text);
    if (receiver !== socket) socket.send(text);
  },

  list_users(socket) {
    socket.send(fromServer("list_users_response", { content: [...users.keys()] }));
  },

  change_status(socket, { content }) {
    if (!STATUSES.includes(content)) return refuse(socket, `a status is ${STATUSES.join(", ")}`);
    tellAll(fromServer("status_update", { content: { user: socket.name, status: content } }));
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
  if (request.type !== "register" && socket.name === null) return refuse(socket, "register first");
  requests[request.type](socket, request);
}

function onClose(socket) {
  if (socket.name === null) return;
  users.delete(socket.name);
  if (!announces) return;
  tellAll(fromServer("user_disconnected", { content: `${socket.name} ha salido`, user: socket.name }));
}

if (process.argv.includes("--version")) {
  const { version } = createRequire(import.meta.url)("ws/package.json");
  console.log(`ws ${version} on Node.js ${process.versions.node}`);
  process.exit();
}

const server = new WebSocketServer({
  host: HOST,
  port: 0,
  backlog: BACKLOG,
  path: "/chat",
  perMessageDeflate: false,
  maxPayload: REQUEST_BYTES_MAX,
});
server.on("connection", (socket) => {
  socket.name = null;
  socket.on("message", (data) => onMessage(socket, data.toString()));
  socket.on("close", () => onClose(socket));
  // What it is about shows in the close that follows.
  socket.on("error", () => {});
});
server.on("listening", () => console.log(server.address().port));
process.stdin.on("end", () => process.exit()).resume();
