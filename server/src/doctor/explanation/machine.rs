//! What the machine itself allows: descriptors, memory, and its clock.

use super::Explanation;

pub(super) const ALL: &[Explanation] = &[
    Explanation {
        code: "DESCRIPTORS-OK",
        spanish: "\
Se pueden abrir archivos para los usuarios pedidos.
Cada conexión ocupa un descriptor; el servidor guarda 32 para sí, y sube él su
límite al máximo que se le permite.
- El límite de un servidor en marcha: grep 'open files' /proc/PID/limits
- El de una terminal: ulimit -n (en vigor) y ulimit -Hn (máximo).
No hay nada que hacer.",
        english: "\
Enough files can be opened for the users asked for.
Each connection takes a descriptor; the server keeps 32 for itself, and raises
its limit by itself to the maximum that it is allowed.
- The limit of a running server: grep 'open files' /proc/PID/limits
- A terminal's: ulimit -n (in force) and ulimit -Hn (maximum).
There is nothing to do.",
    },
    Explanation {
        code: "DESCRIPTORS-LOW",
        spanish: "\
Se pueden abrir pocos archivos para --max-clients.
Cada conexión ocupa un descriptor, y el servidor guarda 32 para sí. Cuando se
acaban no cae: baja por sí mismo --max-clients, y quien sobra recibe el error
server_full.
- Como servicio: sudo systemctl edit chat-server, y ahí, bajo [Service],
  LimitNOFILE=16384; después, sudo systemctl restart chat-server
- Desde una terminal: ulimit -Hn dice el máximo; se sube en
  /etc/security/limits.conf (* hard nofile 16384) y al entrar de nuevo.
- En Docker: docker run --ulimit nofile=16384 ...
O pida menos usuarios: --max-clients N, con el número del informe.",
        english: "\
Too few files can be opened for --max-clients.
Each connection takes a descriptor, and the server keeps 32 for itself. When
there are no more it does not fall: it lowers --max-clients by itself, and one
too many gets the error server_full.
- As a service: sudo systemctl edit chat-server, and there, under [Service],
  LimitNOFILE=16384; then, sudo systemctl restart chat-server
- From a terminal: ulimit -Hn says the maximum; it is raised in
  /etc/security/limits.conf (* hard nofile 16384) and by logging in again.
- In Docker: docker run --ulimit nofile=16384 ...
Or ask for fewer users: --max-clients N, with the number of the report.",
    },
    Explanation {
        code: "MEMORY-OK",
        spanish: "\
Hay memoria para los usuarios pedidos.
Cuenta unos 20 KiB por usuario que está y calla, y 10 MiB de base, dentro de lo
que queda en la máquina y en el grupo de control (systemd, Docker), lo que sea
menos. Quien lee despacio ocupa más: para todos juntos hay un máximo, --limit
queues=BYTES (128 MiB), y por encima se cierra a quien más tiene.
Para verla: free -m; la del servidor: systemctl status chat-server.",
        english: "\
There is memory for the users that are asked for.
It counts some 20 KiB for each user who is there and quiet, and 10 MiB to begin
with, within what the machine and the control group (systemd, Docker) have left,
whichever is less. Slow readers take more: for all together there is a maximum,
--limit queues=BYTES (128 MiB), beyond which those who hold most are closed.
To see it: free -m; the server's: systemctl status chat-server.",
    },
    Explanation {
        code: "MEMORY-LOW",
        spanish: "\
Queda poca memoria para --max-clients.
Unos 20 KiB por usuario y 10 MiB de base no caben en lo que queda en la máquina
o en el grupo de control. Si se llena, el sistema termina un programa: a menudo
el servidor (journalctl -k | grep -i 'out of memory').
- Quién la usa: ps aux --sort=-rss | head
- El límite del servicio: sudo systemctl edit chat-server, y bajo [Service],
  MemoryMax=1G. En Docker: docker run --memory 1g ...
- Una máquina mayor, o memoria de intercambio (sudo fallocate -l 1G /swapfile;
  sudo chmod 600 /swapfile; sudo mkswap /swapfile; sudo swapon /swapfile).
O pida menos usuarios: --max-clients N, con el número del informe.",
        english: "\
There is too little memory left for --max-clients.
Some 20 KiB for each user and 10 MiB to begin with do not fit into what is left
in the machine or in the control group. When it is full, the system ends a
program: often the server (journalctl -k | grep -i 'out of memory').
- Who uses it: ps aux --sort=-rss | head
- The service's limit: sudo systemctl edit chat-server, and there, under
  [Service], MemoryMax=1G. In Docker: docker run --memory 1g ...
- A larger machine, or swap (sudo fallocate -l 1G /swapfile;
  sudo chmod 600 /swapfile; sudo mkswap /swapfile; sudo swapon /swapfile).
Or ask for fewer users: --max-clients N, with the number of the report.",
    },
    Explanation {
        code: "MEMORY-UNKNOWN",
        spanish: "\
No se sabe cuánta memoria queda.
El sistema no lo dice: /proc/meminfo no está, o es de un Linux muy antiguo, sin
«MemAvailable». El servidor funciona igual; el examen no puede decir cuántos
usuarios caben.
- Véala con: free -m
- Calcule 20 KiB por usuario y 10 MiB de base: 10.000 usuarios, unos 205 MiB.",
        english: "\
How much memory is left is unknown.
The system does not tell: /proc/meminfo is not there, or a very old Linux's
without \"MemAvailable\". The server works all the same; the examination cannot
say how many users fit.
- See it with: free -m
- Reckon 20 KiB a user and 10 MiB to begin with: 10,000 users, about 205 MiB.",
    },
    Explanation {
        code: "CLOCK-OK",
        spanish: "\
El reloj está en hora, y un servidor lo mantiene así.
Los mensajes llevan la hora del servidor, en UTC; cada cliente la muestra en la
suya. Los plazos del servidor no dependen de este reloj: que se adelante o se
atrase no echa a nadie.
Para verlo: timedatectl.
No hay nada que hacer.",
        english: "\
The clock is right, and a time server keeps it so.
Messages carry the server's time, in UTC; each client shows it in its own. The
server's deadlines do not depend on this clock: that it jumps forwards or
backwards turns nobody out.
To see it: timedatectl.
There is nothing to do.",
    },
    Explanation {
        code: "CLOCK-WRONG",
        spanish: "\
El reloj dice una hora que no puede ser.
Está antes de 2024 o después de 2100: nunca se puso en hora. Todos los mensajes
llevarían esa hora, y TLS (un proxy, apt, curl) rechaza certificados.
- Una máquina sin pila, o virtual, restaurada de una copia.
- NTP (UDP, puerto 123) cortado por un cortafuegos.
Póngalo en hora: sudo timedatectl set-ntp true. Si no tiene salida a Internet:
sudo date --set='2026-01-31 18:00'
Después, timedatectl debe decir «System clock synchronized: yes».",
        english: "\
The clock says a time that cannot be.
It is before 2024 or after 2100: it was never set. All messages would carry that
time, and TLS (a proxy, apt, curl) refuses certificates.
- A machine without a battery, or a virtual one restored from a copy.
- NTP (UDP, port 123) cut by a firewall.
Set it: sudo timedatectl set-ntp true. Without a way to the Internet:
sudo date --set='2026-01-31 18:00'
After that, timedatectl must say \"System clock synchronized: yes\".",
    },
    Explanation {
        code: "CLOCK-UNSYNCHRONIZED",
        spanish: "\
Ningún servidor de tiempo corrige el reloj.
Hoy dice una hora posible, pero se irá desviando, segundos o minutos al mes; la
hora de los mensajes se desvía con él. A nadie le impide entrar.
- Encenderlo: sudo timedatectl set-ntp true
- Si dice que no hay NTP: sudo apt install systemd-timesyncd (o chrony).
- Recién arrancada la máquina, o encendido NTP, tarda un minuto.
- NTP (UDP, puerto 123) debe poder salir de la máquina: timedatectl
  timesync-status dice con quién habla.",
        english: "\
No time server corrects the clock.
Today it says a possible time, but it will drift, seconds or minutes a month,
and the time of the messages with it. It keeps nobody from getting in.
- Turn it on: sudo timedatectl set-ntp true
- If it says there is no NTP: sudo apt install systemd-timesyncd (or chrony).
- Just after booting, or turning NTP on, it takes a minute.
- NTP (UDP, port 123) must be able to leave the machine: timedatectl
  timesync-status says whom it talks to.",
    },
    Explanation {
        code: "CLOCK-UNKNOWN",
        spanish: "\
No se sabe si un servidor de tiempo corrige el reloj.
No hay quien lo diga: timedatectl falta o no contesta, como en un contenedor
(que usa el reloj de su anfitrión) o en un sistema sin systemd.
- Compárelo con otro reloj: date -u
- Con chrony: chronyc tracking. Con ntpd: ntpq -p.
- En un contenedor: timedatectl, en el anfitrión.",
        english: "\
Whether a time server corrects the clock is unknown.
Nobody tells: timedatectl is missing or does not answer, as in a container
(which uses its host's clock) or on a system without systemd.
- Compare it with another clock: date -u
- With chrony: chronyc tracking. With ntpd: ntpq -p.
- In a container: timedatectl, on the host.",
    },
];
