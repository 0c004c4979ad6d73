//! Who has the port, and from where it can be reached.

use super::Explanation;

pub(super) const ALL: &[Explanation] = &[
    Explanation {
        code: "PORT-FREE",
        spanish: "\
Nadie tiene el puerto: el servidor puede iniciarse.
El examen lo abrió un instante, como lo haría el servidor, y lo soltó. Si usted
creía que el servidor estaba en marcha, no lo está, o usa otro puerto.
- Qué escucha en esta máquina: ss -ltn
- Como servicio: systemctl status chat-server; su puerto está en
  /etc/default/chat-server, y por qué se detuvo, en:
  journalctl -u chat-server -n 50
Para iniciarlo: chat-server PUERTO.",
        english: "\
Nobody has the port: the server can be started.
The examination opened it for an instant, as the server would, and let it go.
If you thought that the server was running, it is not, or on another port.
- What listens on this machine: ss -ltn
- As a service: systemctl status chat-server; its port is in
  /etc/default/chat-server, and why it stopped is in:
  journalctl -u chat-server -n 50
To start it: chat-server PORT.",
    },
    Explanation {
        code: "PORT-HELD",
        spanish: "\
Otro programa tiene el puerto.
Dos programas no pueden escuchar en el mismo puerto y dirección. Causas comunes:
- Un servidor web, otro chat, o una prueba olvidada en segundo plano.
- Docker u otro contenedor que publica ese puerto (docker ps).
- Un chat-server de otro usuario, que no contesta: con sudo, SERVER-SILENT.
Quién es: sudo ss -ltnp 'sport = :PUERTO'. Sin root no se ve el de otro usuario.
Termine ese programa (kill PID; un servicio, systemctl stop NOMBRE), o inicie el
chat en otro puerto, y cambie entonces la regla del proveedor y del cortafuegos.",
        english: "\
Another program has the port.
Two programs cannot listen on the same port and address. Common causes:
- A web server, another chat, or a trial forgotten in the background.
- Docker or another container that publishes that port (docker ps).
- Another user's chat-server that is silent: with sudo it is SERVER-SILENT.
Who it is: sudo ss -ltnp 'sport = :PORT'. Without root others' are not seen.
End that program (kill PID; a service: systemctl stop NAME), or start the chat
on another port, and then change the provider's rule and the firewall's too.",
    },
    Explanation {
        code: "PORT-FORBIDDEN",
        spanish: "\
El sistema no deja a este usuario abrir el puerto.
Los puertos menores de 1024 son de root, salvo que la máquina diga otra cosa
(sysctl net.ipv4.ip_unprivileged_port_start). También una política de seguridad
(SELinux, AppArmor, un contenedor) puede prohibir cualquier puerto.
1. Lo más sencillo: un puerto desde 1024, como 8080.
2. Darle la capacidad al programa, sin root:
   sudo setcap cap_net_bind_service=+ep \"$(command -v chat-server)\"
3. Como servicio: sudo systemctl edit chat-server, y ahí, bajo [Service],
   AmbientCapabilities=CAP_NET_BIND_SERVICE
   CapabilityBoundingSet=CAP_NET_BIND_SERVICE
   PrivateUsers=no
No hace falta ejecutar el servidor como root.",
        english: "\
The system does not let this user open the port.
Ports below 1024 are root's, unless the machine says otherwise
(sysctl net.ipv4.ip_unprivileged_port_start). A security policy too (SELinux,
AppArmor, a container) can forbid any port.
1. The simplest: a port from 1024 on, such as 8080.
2. Give the program the capability, without root:
   sudo setcap cap_net_bind_service=+ep \"$(command -v chat-server)\"
3. As a service: sudo systemctl edit chat-server, and there, under [Service],
   AmbientCapabilities=CAP_NET_BIND_SERVICE
   CapabilityBoundingSet=CAP_NET_BIND_SERVICE
   PrivateUsers=no
There is no need to run the server as root.",
    },
    Explanation {
        code: "ADDRESS-ABSENT",
        spanish: "\
La dirección de --bind no es de esta máquina.
Un programa escucha solo en direcciones que su máquina tiene: ip address.
- En la nube, la dirección pública es del proveedor, que la traduce a la privada
  de la máquina: no se puede escuchar en ella, y no hace falta.
- La dirección pudo cambiar (DHCP), o la red aún no está lista al arrancar.
- Un error al escribirla.
Quite --bind (en el servicio, de OPTIONS en /etc/default/chat-server): el
servidor escucha entonces en todas las direcciones.",
        english: "\
The address of --bind is not this machine's.
A program listens only on addresses that its machine has: ip address.
- In a cloud the public address is the provider's, who translates it to the
  machine's private one: it cannot be listened on, and need not be.
- The address may have changed (DHCP), or at boot the network is not ready yet.
- It is misspelt.
Leave --bind out (for the service: of OPTIONS in /etc/default/chat-server): then
the server listens on all addresses.",
    },
    Explanation {
        code: "PORT-UNKNOWN",
        spanish: "\
El sistema no dejó probar el puerto.
No se sabe si está libre. La causa es la que el informe cita del sistema:
- Sin descriptores o memoria: ulimit -n; free -m.
- --bind con una dirección IPv6 en una máquina sin IPv6: ip -6 address.
- Una política de seguridad que prohíbe abrir sockets.
Inicie el servidor: chat-server PUERTO. Si no puede, dice por qué en una línea.",
        english: "\
The system did not let the port be tried.
Whether it is free is unknown. The reason is the one that the report quotes:
- No descriptors or memory left: ulimit -n; free -m.
- --bind with an IPv6 address on a machine without IPv6: ip -6 address.
- A security policy that forbids opening sockets.
Start the server: chat-server PORT. If it cannot, it says why in one line.",
    },
    Explanation {
        code: "SERVER-ANSWERS",
        spanish: "\
El servidor está en marcha y contesta en esta máquina.
El examen le pidió su página y la reconoció. Nadie en el chat se entera. No
prueba que alguien llegue desde fuera: entre los dos están los cortafuegos.
- Desde otra máquina: chat-client --doctor DIRECCIÓN PUERTO
- Qué llega: cada conexión deja una línea en su registro
  (journalctl -u chat-server -f). Sin línea, los paquetes no llegan: siga por
  FIREWALL-DROPS y PROVIDER-UNKNOWN.",
        english: "\
The server is running and answers on this machine.
The examination asked for its page and knew it. Nobody in the chat notices. It
does not prove that anybody gets in from outside: firewalls are in between.
- From another machine: chat-client --doctor ADDRESS PORT
- What arrives: every connection leaves a line in its log
  (journalctl -u chat-server -f). Without a line no packets arrive: go on with
  FIREWALL-DROPS and PROVIDER-UNKNOWN.",
    },
    Explanation {
        code: "SERVER-SILENT",
        spanish: "\
Un chat-server tiene el puerto, pero no contesta.
Se le pidió su página y en 2 s no dijo nada. Causas, por orden de frecuencia:
1. Está detenido, con Ctrl-Z o kill -STOP: ps -o stat= -p PID dice T. Siga con
   kill -CONT PID, o con fg en su terminal.
2. Lo detiene un depurador (ps dice t).
3. La máquina está agotada: sin CPU (top), o cambiando memoria (vmstat 1).
4. Está lleno de conexiones que aún no se registran: curl -m 5
   http://127.0.0.1:PUERTO/metrics lo dice, si contesta.
Lea su registro (journalctl -u chat-server -n 50) y, si nada ayuda, reinícielo:
sudo systemctl restart chat-server. Los clientes vuelven a conectar solos.",
        english: "\
A chat-server has the port, but it does not answer.
It was asked for its page and said nothing for 2 s. The most frequent first:
1. It is stopped, by Ctrl-Z or kill -STOP: ps -o stat= -p PID says T. Go on with
   kill -CONT PID, or with fg in its terminal.
2. A debugger holds it (ps says t).
3. The machine is exhausted: no CPU (top), or it is swapping (vmstat 1).
4. It is full of connections that have not registered yet: curl -m 5
   http://127.0.0.1:PORT/metrics tells, if it answers.
Read its log (journalctl -u chat-server -n 50) and, if nothing helps, restart
it: sudo systemctl restart chat-server. Clients connect again by themselves.",
    },
    Explanation {
        code: "LISTENS-ALL",
        spanish: "\
Escucha en todas las direcciones, como debe ser.
Con 0.0.0.0 o :: llega lo que venga por cualquier red, y también desde esta
misma máquina. No hace falta saber qué dirección tiene, ni cambiar nada si
cambia. Lo que decide entonces quién entra son los cortafuegos: el de la máquina
(FIREWALL-DROPS) y el del proveedor (PROVIDER-UNKNOWN).
Para verlo: ss -ltn 'sport = :PUERTO'.",
        english: "\
It listens on all addresses, as it should.
With 0.0.0.0 or :: whatever comes by any network arrives, and from this very
machine too. Nobody has to know which address it has, nor to change anything
when that changes. Who gets in is then decided by the firewalls: the machine's
(FIREWALL-DROPS) and the provider's (PROVIDER-UNKNOWN).
To see it: ss -ltn 'sport = :PORT'.",
    },
    Explanation {
        code: "LISTENS-SOME",
        spanish: "\
Escucha solo en las direcciones que --bind nombra.
Quien llegue por otra dirección de la máquina recibe un rechazo, que en un
cliente se ve como NET-REFUSED. Está bien si así se quiso, por ejemplo para que
solo entre la gente de una red privada.
En la nube, la dirección privada basta: la pública lleva a ella.
Si no es lo que quiere, quite --bind (en el servicio, de OPTIONS en
/etc/default/chat-server) y reinicie: sudo systemctl restart chat-server.",
        english: "\
It listens only on the addresses that --bind names.
Whoever comes by another address of the machine is refused, which in a client is
seen as NET-REFUSED. That is well if it was meant, for example to let in only
the people of one private network.
In a cloud the private address is enough: the public one leads to it.
If it is not what you want, leave --bind out (for the service: of OPTIONS in
/etc/default/chat-server) and restart: sudo systemctl restart chat-server.",
    },
    Explanation {
        code: "LISTENS-UNKNOWN",
        spanish: "\
No se sabe en qué direcciones escucha el servidor.
Contesta, pero no se pudo leer la lista de sockets del sistema, /proc/net/tcp:
/proc no está montado, o un aislamiento (un contenedor muy cerrado) la esconde.
- Lea la primera línea que escribió: dice dónde escucha
  (journalctl -u chat-server | grep listening; docker logs CONTENEDOR).
- O repita el examen fuera de ese aislamiento: sudo chat-server --doctor PUERTO.",
        english: "\
Which addresses the server listens on is unknown.
It answers, but the system's list of sockets, /proc/net/tcp, could not be read:
/proc is not mounted, or an isolation (a very closed container) hides it.
- Read the first line that it wrote: it says where it listens
  (journalctl -u chat-server | grep listening; docker logs CONTAINER).
- Or repeat it outside of that isolation: sudo chat-server --doctor PORT.",
    },
    Explanation {
        code: "LOOPBACK-ONLY",
        spanish: "\
Escucha solo para su máquina: desde otra nadie llega.
127.0.0.1 y ::1 no salen de la máquina; quien llega de fuera recibe un rechazo,
aunque todos los cortafuegos estén abiertos. La causa es --bind 127.0.0.1 (o
localhost), común en ejemplos y detrás de un proxy.
- Inícielo sin --bind: chat-server PUERTO
- Como servicio: quítelo de OPTIONS en /etc/default/chat-server, y
  sudo systemctl restart chat-server
- Si un proxy con TLS está delante, en esta misma máquina, es lo correcto: la
  gente conecta con el proxy.
Compruébelo: ss -ltn 'sport = :PUERTO' debe decir *:PUERTO o 0.0.0.0:PUERTO.",
        english: "\
It listens for its machine only: nobody else gets in.
127.0.0.1 and ::1 do not leave the machine; who comes from outside is refused,
even if all firewalls are open. The cause is --bind 127.0.0.1 (or localhost),
common in examples and behind a proxy.
- Start it without --bind: chat-server PORT
- As a service: take it out of OPTIONS in /etc/default/chat-server, and
  sudo systemctl restart chat-server
- If a proxy with TLS stands before it, on this very machine, it is right so:
  people connect to the proxy.
Check it: ss -ltn 'sport = :PORT' must say *:PORT or 0.0.0.0:PORT.",
    },
];
