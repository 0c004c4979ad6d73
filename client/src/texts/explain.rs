//! The long answers of `--explain`: what a verdict proves, what usually causes it, and how to go on. They are ours
//! from the first to the last character, so they are text as they stand.

use super::Texts;
use crate::doctor::verdict::Code;

impl Texts {
    /// The long answer.
    #[must_use]
    pub const fn explanation(self, code: Code) -> &'static str {
        let (spanish, english) = texts(code);
        self.0.pick(spanish, english)
    }
}

const fn texts(code: Code) -> (&'static str, &'static str) {
    match code {
        Code::Ok => (
            "\
Se probó todo el camino: el nombre, la ruta, TCP, HTTP, WebSocket y el protocolo del chat. Sin un nombre
de usuario el examen solo pregunta quién está, sin registrarse: el servidor se niega, y esa negativa prueba
que es él. Nadie en la sala se entera. Con un nombre se registra de verdad y se va enseguida.",
            "\
The whole way was tried: the name, the route, TCP, HTTP, WebSocket and the chat's protocol. Without a
user's name the examination only asks who is there, without registering: the server refuses, and that
refusal proves that it is the server. Nobody in the room notices. With a name it registers and leaves at once.",
        ),
        Code::DnsNotFound => (
            "\
Los servidores de nombres contestaron, y ninguno conoce una dirección para ese nombre.
- Lo más común es un error al escribirlo.
- Un nombre de la red de su casa u oficina (servidor.local) solo vale dentro de ella.
- Un nombre recién creado puede tardar en conocerse en todas partes.
Compruebe con: getent hosts NOMBRE. La dirección IP del servidor sirve siempre en lugar del nombre.",
            "\
The name servers answered, and none knows an address for that name.
- Most often it is misspelt.
- A name of your home or office network (server.local) is valid only inside it.
- A name that was just made may take time to be known everywhere.
Check with: getent hosts NAME. The server's IP address always does instead of the name.",
        ),
        Code::DnsNoAnswer => (
            "\
No se pudo preguntar por el nombre, así que no se sabe si existe: no es lo mismo que no existir.
- Esta máquina puede estar sin red, o detrás de una página de acceso (hotel, universidad).
- El servidor de nombres de /etc/resolv.conf puede no contestar, o un cortafuegos corta el puerto 53.
- Una máquina virtual toma a veces el de una red en la que ya no está.
Si con la dirección IP conecta, solo falla el DNS.",
            "\
The name could not be asked for, so it is unknown whether it exists: that is not the same as not existing.
- This machine may be without network, or behind an access page (hotel, university).
- The name server in /etc/resolv.conf may not answer, or a firewall cuts port 53.
- A virtual machine sometimes keeps the one of a network that it has left.
If the IP address connects, only the DNS is at fault.",
        ),
        Code::NetNoRoute => (
            "\
Nada salió de esta máquina: su propia tabla de rutas no lleva a esa dirección.
- Sin cable, sin wifi, o sin puerta de enlace (default) en: ip route.
- Una dirección IPv6 en una máquina que solo tiene IPv4: pida la dirección IPv4.
- Una máquina virtual con la red desconectada o «solo anfitrión»: póngala en puente o en NAT.
- Una red privada de empresa que pide su VPN.",
            "\
Nothing left this machine: its own routing table does not lead to that address.
- No cable, no wireless, or no gateway (default) in: ip route.
- An IPv6 address on a machine that has IPv4 only: ask for the IPv4 address.
- A virtual machine whose network is unplugged or \"host only\": make it bridged or NAT.
- A company's private network that asks for its VPN.",
        ),
        Code::NetForbidden => (
            "\
El sistema de esta máquina negó la conexión al programa antes de enviar nada.
- Una ruta la prohíbe: ip route get DIRECCIÓN dice «prohibit».
- Una política de seguridad (SELinux, AppArmor, un contenedor) no deja salir al programa.
- El programa o la máquina agotó sus descriptores o puertos.
El servidor no tiene la culpa: otra máquina puede probarlo.",
            "\
This machine's system denied the program the connection before anything was sent.
- A route prohibits it: ip route get ADDRESS says \"prohibit\".
- A security policy (SELinux, AppArmor, a container) does not let the program out.
- The program or the machine is out of descriptors or ports.
It is not the server's fault: another machine can prove it.",
        ),
        Code::NetTimeout => (
            "\
Se pidió la conexión y nadie dijo nada, ni que sí ni que no. Una máquina encendida contesta siempre algo,
también cuando no hay programa: quien calla es un cortafuegos que descarta los paquetes, o no hay nadie ahí.
Por orden de frecuencia:
1. El grupo de seguridad o el cortafuegos de la nube (AWS, Azure, GCP...) no tiene una regla de entrada:
   TCP, el puerto del chat, origen 0.0.0.0/0 o su dirección. Es aparte del de la máquina: que ufw esté
   apagado no lo abre. Y la regla debe estar en el grupo que la máquina usa.
2. La dirección pública cambió: en la nube cambia al parar y arrancar la máquina.
3. El cortafuegos de la propia máquina descarta: sudo ufw status, sudo nft list ruleset.
4. Una red (universidad, empresa) no deja salir a puertos poco comunes: pruebe desde un teléfono.
Que ping conteste no prueba nada del puerto: ping es ICMP y tiene sus propias reglas. Tampoco ss ni netstat en
el servidor: dicen que se escucha, no que algo llegue. Sí lo prueba el registro del servidor: cada conexión
que llega deja una línea; si no hay ninguna, los paquetes no llegan. En el servidor: chat-server --doctor PUERTO.",
            "\
A connection was asked for and nobody said anything, neither yes nor no. A machine that is on always answers
something, even without a program: who is silent is a firewall that drops packets, or nobody is there.
The most frequent first:
1. The cloud's security group or firewall (AWS, Azure, GCP...) has no inbound rule: TCP, the chat's port,
   source 0.0.0.0/0 or your address. It is apart from the machine's own: that ufw is off does not open
   it. And the rule has to be in the group that the machine uses.
2. The public address has changed: in the cloud it does when the machine is stopped and started.
3. The machine's own firewall drops: sudo ufw status, sudo nft list ruleset.
4. A network (university, company) lets nothing out to uncommon ports: try from a telephone.
That ping answers proves nothing about the port: ping is ICMP and has rules of its own. Nor do ss and netstat on
the server: they say that it listens, not that anything arrives. The server's log does: every connection that
arrives leaves a line; without one the packets do not arrive. On the server: chat-server --doctor PORT.",
        ),
        Code::NetRefused => (
            "\
La máquina (o un cortafuegos que habla por ella) contestó enseguida que no. El camino está bien.
1. El servidor no está en marcha, o se cerró: en su máquina, ss -ltn muestra qué puertos escuchan.
2. Escucha en otro puerto: chat-server lo dice en su primera línea.
3. Escucha solo para su propia máquina: con --bind 127.0.0.1 nadie de fuera entra; ss -ltn muestra
   127.0.0.1:PUERTO en vez de 0.0.0.0:PUERTO o *:PUERTO. Quite --bind.
4. La dirección es de otra máquina: un router, o usted mismo si es 127.0.0.1.
5. Un cortafuegos con REJECT en vez de DROP contesta lo mismo que un puerto cerrado; desde aquí no se
   distinguen. Si en el servidor ss -ltn muestra el puerto, es un cortafuegos.",
            "\
The machine (or a firewall that speaks for it) said no at once. The way there is fine.
1. The server is not running, or has ended: on its machine, ss -ltn shows which ports listen.
2. It listens on another port: chat-server says which in its first line.
3. It listens for its own machine only: with --bind 127.0.0.1 nobody from outside gets in; ss -ltn
   shows 127.0.0.1:PORT instead of 0.0.0.0:PORT or *:PORT. Take --bind away.
4. The address is another machine's: a router's, or your own if it is 127.0.0.1.
5. A firewall with REJECT instead of DROP answers as a closed port does; from here they look the same.
   If ss -ltn on the server shows the port, it is a firewall.",
        ),
        Code::NetUnreachable => (
            "\
Algo en el camino contestó que no se llega, o en la red local nadie conoce esa dirección.
- La máquina está apagada, o su dirección es otra (en la red local se sabe al cabo de unos 3 s).
- Su cortafuegos rechaza con «prohibido» (host-prohibited, admin-prohibited), como hacen firewalld y
  algunas nubes: hay que abrir el puerto de TCP en él.
- Un router no tiene ruta hacia esa red.
Compruebe desde otra máquina de la misma red que el servidor.",
            "\
Something on the way answered that it cannot be reached, or nobody on the local network knows that address.
- The machine is off, or has another address (on the local network that takes some 3 s to find out).
- Its firewall rejects as \"prohibited\" (host-prohibited, admin-prohibited), as firewalld and some
  clouds do: the TCP port has to be opened in it.
- A router has no route to that network.
Check from another machine on the server's own network.",
        ),
        Code::NetReset => (
            "\
La conexión se aceptó y se anuló (RST) sin una sola respuesta. Algo escucha, pero no quiere o no puede hablar.
- Un reenvío de puertos sin nada detrás: Docker con el puerto publicado y el servidor caído o atado a
  127.0.0.1 dentro del contenedor; un túnel SSH; un balanceador sin máquinas sanas.
- Un cortafuegos que mira el contenido y corta lo que no conoce.
- El programa que escucha murió justo al atender.",
            "\
The connection was accepted and reset (RST) without a single answer. Something listens, but will not or cannot talk.
- A port forwarding with nothing behind it: Docker with the port published and the server down, or bound to
  127.0.0.1 within the container; an SSH tunnel; a balancer without healthy machines.
- A firewall that looks into connections and cuts what it does not know.
- The program that listens died just as it was serving.",
        ),
        Code::NetClosed => (
            "\
La conexión se aceptó y se cerró en orden (FIN) antes de una respuesta completa.
- Un reenvío de puertos sin nada detrás (Docker, túnel SSH, balanceador).
- Un programa que solo admite ciertas direcciones y cuelga a las demás.
- Un servidor que habla TLS y cuelga a quien no: pruebe openssl s_client -connect SERVIDOR:PUERTO.
- El servidor se estaba apagando.",
            "\
The connection was accepted and closed in order (FIN) before a whole answer.
- A port forwarding with nothing behind it (Docker, an SSH tunnel, a balancer).
- A program that takes certain addresses only and hangs up on the others.
- A server that speaks TLS and hangs up on those who do not: try openssl s_client -connect SERVER:PORT.
- The server was shutting down.",
        ),
        Code::Silent => (
            "\
TCP funciona: alguien aceptó la conexión. A la petición de WebSocket no siguió una respuesta completa.
- El programa está atascado o parado (Ctrl-Z, un depurador): el sistema acepta por él hasta que se llena
  su cola. ss -ltnp muestra cuál es; una columna Recv-Q que crece lo confirma.
- Es un servidor de otra clase que espera a que se le hable en su idioma, o uno de TLS.
- Un chat escrito sobre TCP sin WebSocket: este cliente no le sirve.
- Un cortafuegos deja pasar la conexión y no los datos, o la MTU de un túnel es demasiado grande.",
            "\
TCP works: somebody accepted the connection. The request for a WebSocket was not followed by a whole answer.
- The program is stuck or stopped (Ctrl-Z, a debugger): the system accepts for it until its queue is
  full. ss -ltnp shows which it is; a Recv-Q column that grows confirms it.
- It is a server of another kind that waits to be spoken to in its language, or one of TLS.
- A chat written on plain TCP without WebSocket: this client is not for it.
- A firewall lets the connection pass and not the data, or a tunnel's MTU is too large.",
        ),
        Code::WrongService => (
            "\
En ese puerto hay un programa que no habla HTTP; sus primeros bytes se muestran con los signos raros escritos
como \\r, \\n o \\x00. SSH-2.0 es el acceso remoto (22); 220 es correo (25) o FTP (21); otros se saludan igual.
Casi siempre el puerto está mal: chat-server dice el suyo en su primera línea. Si el puerto es el acordado,
otro programa lo tomó antes: en el servidor, ss -ltnp o chat-server --doctor PUERTO dicen cuál.",
            "\
On that port is a program that does not speak HTTP; its first bytes are shown with odd characters written as
\\r, \\n or \\x00. SSH-2.0 is remote access (22); 220 is mail (25) or FTP (21); others greet likewise.
Nearly always the port is wrong: chat-server says its own in its first line. If it is the agreed one, another
program took it first: on the server, ss -ltnp or chat-server --doctor PORT says which.",
        ),
        Code::TlsExpected => (
            "\
Quien atiende espera TLS y recibió HTTP sin cifrar: contestó con una alerta de TLS, o con una página que manda
usar https. Este cliente no habla TLS. A quien cuelga o calla, --doctor lo saluda en TLS y mira si contesta así.
- El 443 de un sitio web es de TLS; el chat suele estar en otro puerto.
- Si un proxy (nginx, Caddy) pone TLS delante del chat, pida el puerto del chat mismo, o que el proxy
  atienda además sin TLS; o abra un túnel: ssh -L 8080:127.0.0.1:PUERTO usuario@servidor.",
            "\
Whoever answers expects TLS and got plain HTTP: the answer was a TLS alert, or a page that says to use https.
This client does not speak TLS. Who hangs up or is silent is greeted in TLS by --doctor, to see what answers.
- A web site's 443 is for TLS; the chat is usually on another port.
- If a proxy (nginx, Caddy) puts TLS before the chat, ask for the chat's own port, or for the proxy to serve
  without TLS as well; or open a tunnel: ssh -L 8080:127.0.0.1:PORT user@server.",
        ),
        Code::HttpNotChat => (
            "\
En ese puerto hay un servidor web, y a la petición de pasar a WebSocket en /chat contestó otra cosa.
- El puerto es de otro programa (una página, un router, un panel): revíselo.
- Hay un proxy delante que no conoce /chat, o que no reenvía Upgrade y Connection: en nginx,
  proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\".
- En redes de hotel o universidad, una página de acceso contesta por todos: ábrala en el navegador.
Compruebe con: curl http://SERVIDOR:PUERTO/ (chat-server dice ahí lo que es).",
            "\
On that port is a web server, and to the request to switch to WebSocket at /chat it answered something else.
- The port is another program's (a page, a router, a panel): check it.
- A proxy stands before it that does not know /chat, or does not pass on Upgrade and Connection: in nginx,
  proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\".
- On hotel and university networks an access page answers for everybody: open it in the browser.
Check with: curl http://SERVER:PORT/ (chat-server says there what it is).",
        ),
        Code::WsRefused => (
            "\
Hay un servidor HTTP que entendió la petición y la rechazó. El estado dice por qué:
- 401, 403, 407: no se permite a esta dirección, o hace falta identificarse ante un proxy.
- 408, 500: el servidor o el proxy falló con esta petición.
- 429: demasiadas conexiones desde esta dirección, o demasiado seguidas. En chat-server los límites son
  --connections-per-ip y --limit arrivals; muchos tras un mismo router cuentan como una dirección.
- 503: lleno o fuera de servicio. chat-server contesta así cuando tiene todas las conexiones que admite
  (--max-clients), o las que permite el sistema (ulimit -n).",
            "\
There is an HTTP server that understood the request and refused it. The status says why:
- 401, 403, 407: this address is not allowed, or one has to identify oneself to a proxy.
- 408, 500: the server or the proxy failed with this request.
- 429: too many connections from this address, or too fast. In chat-server the limits are --connections-per-ip
  and --limit arrivals; many behind one router count as one address.
- 503: full or out of service. chat-server answers so when it has all the connections that it takes
  (--max-clients), or that the system allows (ulimit -n).",
        ),
        Code::ProxyNoChat => (
            "\
Los estados 502 y 504 son de un intermediario (nginx, Caddy, un balanceador) que no logra hablar con el
servidor que tiene detrás: la red hasta él está bien.
- chat-server no está en marcha, o en otro puerto que el que dice el proxy (proxy_pass, reverse_proxy).
- El proxy está en un contenedor: ahí 127.0.0.1 es el contenedor, no la máquina.
- 504: llega, pero el servidor no contesta a tiempo.",
            "\
Statuses 502 and 504 are those of a proxy (nginx, Caddy, a balancer) that cannot talk to the server behind it:
the network up to the proxy is fine.
- chat-server is not running, or on another port than the proxy says (proxy_pass, reverse_proxy).
- The proxy is in a container: 127.0.0.1 is the container there, not the machine.
- 504: it gets there, but the server does not answer in time.",
        ),
        Code::ProtocolHandshake => (
            "\
La respuesta fue «101», que abre un WebSocket, pero sin la prueba de que quien contesta lo entendió: la cabecera
Sec-WebSocket-Accept falta o no corresponde a la clave enviada, o falta Upgrade o Connection.
- Un proxy o una caché repitió una respuesta vieja, o quitó cabeceras.
- El servidor está hecho a mano y calcula mal la clave: SHA-1 de la clave y el identificador de la RFC 6455,
  en base64.",
            "\
The answer was \"101\", which opens a WebSocket, but without the proof that whoever answers understood: the header
Sec-WebSocket-Accept is missing or does not match the key that was sent, or Upgrade or Connection is missing.
- A proxy or a cache repeated an old answer, or took headers away.
- The server is made by hand and computes the key wrongly: SHA-1 of the key and the identifier in RFC 6455,
  in base64.",
        ),
        Code::ProtocolOther => (
            "\
El WebSocket se abrió, y lo que llega por él no es de este chat: un texto que no es uno de sus mensajes JSON, o
algo que no es WebSocket. Es otro servidor (otro proyecto, un panel, un juego): revise el puerto. Si es de un
compañero que sigue el mismo protocolo, su servidor se aparta de él: cada mensaje es un objeto JSON con «type».",
            "\
The WebSocket opened, and what comes over it is not of this chat: a text that is none of its JSON messages, or
something that is no WebSocket. It is another server (another project, a panel, a game): check the port. If it
is of a colleague who follows the same protocol, the server departs from it: each message is a JSON object with
\"type\".",
        ),
        Code::ProtocolSilent => (
            "\
El WebSocket se abrió y a la pregunta (list_users, o register) no siguió respuesta en 5 s.
- El servidor está atascado o sobrecargado.
- Es de otro equipo y no contesta a quien no se ha registrado: pruebe dando un nombre,
  chat-client --doctor NOMBRE SERVIDOR PUERTO.
- Un proxy abre el WebSocket y no deja pasar los mensajes.",
            "\
The WebSocket opened and the question (list_users, or register) had no answer within 5 s.
- The server is stuck or overloaded.
- It is another team's and does not answer those who are not registered: try with a name,
  chat-client --doctor NAME SERVER PORT.
- A proxy opens the WebSocket and does not let messages pass.",
        ),
        Code::ProtocolClosed => (
            "\
El WebSocket se abrió y se cerró antes de responder. Con un código, lo cerró el servidor:
- 1001: se está apagando. 1008: por sus reglas (demasiado lento, demasiado rápido, sin registrarse).
- 1002, 1003, 1007, 1009: no le gustó lo que recibió; algo en medio puede alterarlo.
Sin código, se cortó: el servidor murió, o un proxy corta los WebSocket.",
            "\
The WebSocket opened and closed before an answer. With a code, the server closed it:
- 1001: it is shutting down. 1008: by its rules (too slow, too fast, not registered).
- 1002, 1003, 1007, 1009: it did not like what it got; something between may alter it.
Without a code it was cut: the server died, or a proxy cuts WebSockets.",
        ),
        Code::TooSlow => (
            "\
Cada paso contestó, ninguno pasó de sus 5 s, y juntos agotaron los 20 s del examen. No se sabe, por tanto, si
al final está el chat. La red pierde paquetes, el DNS es lento, o la máquina del servidor no da abasto. Los
tiempos de cada paso dicen dónde mirar.",
            "\
Each step answered, none took over its 5 s, and together they used up the examination's 20 s. So it is unknown
whether the chat is at the end of it. The network loses packets, the DNS is slow, or the server's machine cannot
keep up. The times of the steps say where to look.",
        ),
        Code::NameInUse => (
            "\
La conexión está perfecta: el servidor rechazó el nombre porque alguien lo lleva, escrito igual o con otras
mayúsculas. Si era usted y su conexión se cortó de golpe, el servidor lo nota en 40 s como mucho y lo libera.",
            "\
The connection is perfect: the server refused the name because somebody bears it, spelt the same or in other
case. If it was you and your connection broke all at once, the server notices within 40 s and frees it.",
        ),
        Code::AddressInUse => (
            "\
El servidor admite un número de usuarios por dirección IP (uno, si no se dijo otra cosa). Detrás de un router
toda la casa, el aula o el campus tiene la misma. Quien administra el servidor lo cambia con --per-ip N, y
con --per-ip 0 lo quita. En la propia máquina del servidor no hay límite.",
            "\
The server takes a number of users from one IP address (one, unless told otherwise). Behind a router the whole
home, classroom or campus has the same one. Whoever runs the server changes that with --per-ip N, and lifts it
with --per-ip 0. On the server's own machine there is no limit.",
        ),
        Code::ServerFull => (
            "\
La conexión está bien, y el servidor tiene todos los usuarios que admite. Se libera un lugar cuando alguien se
va. Quien administra el servidor sube el número con --max-clients; el sistema debe permitir tantos descriptores.",
            "\
The connection is fine, and the server has all the users that it takes. A place is free when somebody leaves.
Whoever runs the server raises the number with --max-clients; the system has to allow as many descriptors.",
        ),
        Code::RegisterRefused => (
            "\
La conexión está bien; el servidor no quiso registrar ese nombre y dijo por qué. Los nombres tienen de 1 a 32
letras o números, y _ - . ; «server» y «servidor» son del servidor. Los de otros equipos pueden tener otras reglas.",
            "\
The connection is fine; the server did not want to register that name and said why. Names have 1 to 32 letters
or numbers, and _ - . ; \"server\" and \"servidor\" are the server's. Other teams' servers may have other rules.",
        ),
        Code::IdleCut => (
            "\
La conexión se abrió, sirvió, y murió mientras nadie decía nada, sin que el servidor se despidiera. Quien la corta
está en medio y olvida lo que calla: un proxy (nginx: proxy_read_timeout, 60 s si no se cambia), un balanceador de
la nube (60 a 350 s), el NAT de un router o de un móvil. chat-server saluda cada 25 s de silencio para evitarlo:
si aun así se corta, el límite es menor. Súbalo a 60 s o más. Mientras tanto el cliente vuelve a conectarse solo.",
            "\
The connection opened, served, and died while nobody said anything, without the server taking leave. Whoever cuts it
is between and forgets what is silent: a proxy (nginx: proxy_read_timeout, 60 s unless changed), a cloud's balancer
(60 to 350 s), the NAT of a router or a telephone. chat-server greets after each 25 s of silence to prevent it: if
it is cut all the same, the limit is lower. Raise it to 60 s or more. Meanwhile the client connects again by itself.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use chat_protocol::Lang;

    use super::*;

    #[test]
    fn every_code_has_a_long_answer_in_both_languages_that_fits_a_screen() {
        for code in Code::ALL {
            let (spanish, english) =
                (Texts(Lang::Spanish).explanation(code), Texts(Lang::English).explanation(code));
            assert_ne!(spanish, english, "{code:?}");
            for text in [spanish, english] {
                assert!(text.lines().count() <= 18 && text.len() > 200, "{code:?}: {text}");
                assert!(text.lines().all(|line| line.chars().count() <= 120), "{code:?}: {text}");
                assert!(text.ends_with('.'), "{code:?}: {text}");
            }
        }
    }
}
