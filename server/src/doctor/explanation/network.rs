//! Which addresses there are, and which firewalls stand before them.

use super::Explanation;

pub(super) const ALL: &[Explanation] = &[
    Explanation {
        code: "ADDRESSES",
        spanish: "\
Las direcciones de la máquina, por quién puede usarlas.
- Pública: vale desde cualquier parte, si los cortafuegos dejan pasar.
- Privada (10.x, 172.16-31.x, 192.168.x, fd00::): vale en la misma red. Casi
  todas las máquinas de la nube tienen solo una privada; su dirección pública la
  tiene el proveedor, que la traduce (vea PUBLIC-ADDRESS).
Las de Docker y otras redes virtuales (docker0, virbr0) no sirven a otros.
Para verlas: ip -brief address.",
        english: "\
The addresses of this machine, by who can use them.
- Public: good from anywhere, if the firewalls let through.
- Private (10.x, 172.16-31.x, 192.168.x, fd00::): good in the same network.
  Nearly all cloud machines have just a private one; their public address is
  with the provider, who translates it (see PUBLIC-ADDRESS).
Those of Docker and of virtual networks (docker0, virbr0) are no use to others.
To see them: ip -brief address.",
    },
    Explanation {
        code: "ADDRESSES-NONE",
        spanish: "\
Esta máquina no está en ninguna red.
Sus direcciones no salen de ella (127.0.0.1) o de su cable (169.254.x, fe80::).
Con 169.254.x pidió una dirección por DHCP y nadie contestó.
- Cable desconectado, wifi sin contraseña: ip -brief link dice DOWN.
- DHCP no contesta: networkctl status, o nmcli device.
- Máquina virtual: su red está desconectada o es «solo anfitrión»; póngala en
  puente o en NAT.
- Un contenedor sin red (docker run --network none).
Después, ip -brief address debe mostrar una dirección más.",
        english: "\
This machine is on no network.
It has only addresses that do not leave it (127.0.0.1) or its cable (169.254.x,
fe80::). With 169.254.x it asked for an address by DHCP and nobody answered.
- Cable unplugged, wireless without password: ip -brief link says DOWN.
- DHCP does not answer: networkctl status, or nmcli device.
- A virtual machine: its network is unplugged or \"host only\"; make it bridged
  or NAT.
- A container without network (docker run --network none).
After that, ip -brief address must show one more address.",
    },
    Explanation {
        code: "ADDRESSES-UNKNOWN",
        spanish: "\
El sistema no dijo qué direcciones tiene la máquina.
Es raro: un aislamiento (seccomp, un contenedor muy cerrado) niega la pregunta.
El chat puede funcionar igual; el examen no puede decir qué dirección usar.
- Véalas con: ip -brief address
- O desde fuera de ese aislamiento: sudo chat-server --doctor PUERTO
La gente necesita una que valga donde está: la pública, o la de la misma red.",
        english: "\
The system did not tell the machine's addresses.
That is rare: an isolation (seccomp, a closed container) denies the question.
The chat may well work; the examination cannot say which address to use.
- See them with: ip -brief address
- Or from outside of that isolation: sudo chat-server --doctor PORT
People need one that is good where they are: the public one, or their network's.",
    },
    Explanation {
        code: "PUBLIC-ADDRESS",
        spanish: "\
La dirección que se usa desde Internet.
O la máquina misma la tiene en una de sus redes, o la nube (su servicio de
metadatos) dice que lleva a esta máquina. Es la que la gente escribe:
chat-client NOMBRE DIRECCIÓN PUERTO.
- En la nube cambia al parar y arrancar la máquina, salvo que sea fija (AWS:
  Elastic IP; otros: dirección estática o reservada).
- Que exista no abre nada: falta la regla de PROVIDER-UNKNOWN.
Pruébela desde fuera: chat-client --doctor DIRECCIÓN PUERTO.",
        english: "\
The address that is used from the Internet.
Either the machine itself has it on one of its networks, or the cloud (its
metadata service) says that it leads to this machine. It is what people type:
chat-client NAME ADDRESS PORT.
- In a cloud it changes when the machine is stopped and started, unless it is
  fixed (AWS: Elastic IP; others: a static or reserved address).
- That it exists opens nothing: the rule of PROVIDER-UNKNOWN is needed too.
Try it from outside: chat-client --doctor ADDRESS PORT.",
    },
    Explanation {
        code: "PUBLIC-ADDRESS-NONE",
        spanish: "\
La nube no dio a la máquina una dirección IPv4 pública.
Desde Internet no hay camino a ella, diga lo que diga el cortafuegos. Así se la
creó (AWS: «Auto-assign public IP» desactivado, o una subred privada).
- AWS: Elastic IPs, Allocate, Associate a esta instancia; la subred necesita una
  ruta 0.0.0.0/0 a un Internet gateway.
- Otros: asigne una IP pública o externa a la interfaz de red de la máquina.
- Si todos están en la misma red o VPN, no hace falta: use la privada.
También se llega por IPv6, si la máquina tiene una dirección IPv6 pública.",
        english: "\
The cloud gave the machine no public IPv4 address.
From the Internet no way leads to it, whatever the firewall says. It was made so
(AWS: \"Auto-assign public IP\" off, or a private subnet).
- AWS: Elastic IPs, Allocate, Associate with this instance; its subnet needs a
  route 0.0.0.0/0 to an Internet gateway.
- Others: assign a public or external IP to the machine's network interface.
- If everybody is in the same network or VPN, no need: use the private one.
By IPv6 people can get in too, if the machine has a public IPv6 address.",
    },
    Explanation {
        code: "PUBLIC-ADDRESS-UNKNOWN",
        spanish: "\
No se sabe qué dirección se usa desde Internet.
La máquina tiene solo direcciones privadas, y nadie dijo cuál lleva a ella. Se
pregunta solo al servicio de metadatos de la nube, versión 2 de AWS, por IPv4 o
IPv6, a nadie en Internet; otros proveedores no hablan esa versión.
- En la nube: está en la página del proveedor, junto a la máquina.
- En casa: es la del router (su página, o curl -4 https://ifconfig.me), y en él
  hay que redirigir el puerto TCP a esta máquina. Algunos proveedores (CGNAT,
  100.64.x) no dan ninguna: entonces, IPv6 o una VPN.
- En un contenedor de AWS: el límite de saltos de los metadatos debe ser 2. Sin
  IPv4: el punto de acceso IPv6 de los metadatos debe estar activado.
- Con --no-metadata no se preguntó: repita sin esa opción.",
        english: "\
Which address is used from the Internet is unknown.
The machine has private addresses only, and nobody told which leads to it. Only
the cloud's metadata service is asked, version 2 of AWS, by IPv4 or IPv6, and
nobody on the Internet; other providers do not speak that version.
- In a cloud: it is on the provider's page, beside the machine.
- At home: it is the router's (its page, or curl -4 https://ifconfig.me), which
  has to forward the TCP port to this machine. Some providers (CGNAT, 100.64.x)
  give none: then IPv6, or a VPN.
- In a container at AWS: the hop limit of the metadata has to be 2. Without
  IPv4: the metadata's IPv6 endpoint has to be enabled.
- With --no-metadata it was not asked: repeat without that option.",
    },
    Explanation {
        code: "FIREWALL-OPEN",
        spanish: "\
El cortafuegos de la máquina deja entrar a quien llega.
Se leyeron todas las reglas (nftables, iptables, ufw) y se siguió con ellas una
conexión nueva de fuera al puerto: ninguna la descarta. No dice nada del
cortafuegos del proveedor ni del router, que es otro (PROVIDER-UNKNOWN).
Si nadie conecta, la causa está ahí, o en la dirección. Se ve así en la máquina:
sudo tcpdump -ni any tcp port PUERTO
Si al conectar alguien no aparece nada, sus paquetes no llegan a la máquina.",
        english: "\
The machine's firewall lets a newcomer in.
All rules were read (nftables, iptables, ufw), and a new connection from outside
to the port was followed through them: none drops it. It says nothing of the
provider's firewall or the router's, which is another one (PROVIDER-UNKNOWN).
If nobody can connect, the cause is there, or in the address. To see it here:
sudo tcpdump -ni any tcp port PORT
If nothing shows while somebody connects, the packets do not reach the machine.",
    },
    Explanation {
        code: "FIREWALL-DROPS",
        spanish: "\
El cortafuegos de la máquina descarta a quien llega.
El informe cita la regla, o la política de la cadena, y la orden que deja pasar.
Quien conecta ve NET-TIMEOUT, o NET-REFUSED si la regla es un REJECT.
- ufw: sudo ufw allow PUERTO/tcp
- firewalld: sudo firewall-cmd --add-port=PUERTO/tcp, y
  sudo firewall-cmd --runtime-to-permanent
- Sin ninguno de los dos: la orden del informe. nft e iptables la olvidan al
  reiniciar la máquina; guárdela en /etc/nftables.conf, o con
  sudo netfilter-persistent save
No apague el cortafuegos entero. Repita después el examen: debe decir
FIREWALL-OPEN.",
        english: "\
The machine's firewall drops newcomers.
The report quotes the rule, or the chain's policy, and the command that lets in.
Whoever connects sees NET-TIMEOUT, or NET-REFUSED if the rule is a REJECT.
- ufw: sudo ufw allow PORT/tcp
- firewalld: sudo firewall-cmd --add-port=PORT/tcp, and
  sudo firewall-cmd --runtime-to-permanent
- Neither of them: the report's command. nft and iptables forget it when the
  machine is restarted; keep it in /etc/nftables.conf, or with
  sudo netfilter-persistent save
Do not turn the whole firewall off. Repeat the examination after that: it must
say FIREWALL-OPEN.",
    },
    Explanation {
        code: "FIREWALL-UNKNOWN",
        spanish: "\
No se sabe si el cortafuegos de la máquina deja pasar.
No es un «no»: faltó algo para decidirlo, y el informe dice qué.
- «Sin root»: las reglas se leen como root: sudo chat-server --doctor PUERTO
- «Ni root puede leerlo»: es un contenedor; repita en su anfitrión.
- «No está instalado»: sudo apt install nftables (o iptables), y repita.
- «Depende de» una regla: decide algo que desde aquí no se puede seguir, como la
  dirección de quien llega, una lista o un mapa de veredictos, cuántos llegan
  por segundo, otro destino (DNAT), o una cadena de la interfaz (netdev).
  Léala con las que la rodean: sudo nft -a list ruleset
Lo decide una prueba: chat-client --doctor DIRECCIÓN PUERTO en otra máquina.",
        english: "\
Whether the machine's firewall lets through is unknown.
It is no \"no\": something was missing to decide it, and the report says what.
- \"Without root\": root alone reads the rules: sudo chat-server --doctor PORT
- \"Not even root may read it\": it is a container; repeat on its host.
- \"Not installed\": sudo apt install nftables (or iptables), and repeat.
- \"It depends on\" a rule: something decides that cannot be followed from here,
  such as the newcomer's address, a set or a verdict map, how many come a
  second, another destination (DNAT), or a chain of the interface (netdev).
  Read it with those around it: sudo nft -a list ruleset
A trial decides: chat-client --doctor ADDRESS PORT on another machine.",
    },
    Explanation {
        code: "PROVIDER-UNKNOWN",
        spanish: "\
El cortafuegos del proveedor no se ve desde la máquina.
Ese, o el del router, está fuera y decide antes: aquí siempre «no se sabe». Es
la causa más común de que nadie conecte; en un cliente se ve como NET-TIMEOUT.
- AWS: EC2, la instancia, Security, su grupo de seguridad, Edit inbound rules:
  Custom TCP, el puerto, 0.0.0.0/0. Debe ser el grupo que la instancia usa.
- Azure: Networking, Add inbound port rule. GCP: VPC, Firewall, una regla de
  entrada para la etiqueta de la máquina. Oracle: la Security List de la subred.
- En casa: redirección del puerto TCP, en el router, a esta máquina.
Lo prueba alguien de fuera: chat-client --doctor DIRECCIÓN PUERTO; y aquí, que
su conexión deje una línea en el registro: journalctl -u chat-server -f.",
        english: "\
The provider's firewall is not seen from the machine.
That one, or the router's, is outside and decides earlier: always \"unknown\".
It is the most common reason why nobody connects; a client sees NET-TIMEOUT.
- AWS: EC2, the instance, Security, its security group, Edit inbound rules:
  Custom TCP, the port, 0.0.0.0/0. It must be the group that the instance uses.
- Azure: Networking, Add inbound port rule. GCP: VPC, Firewall, an ingress rule
  for the machine's tag. Oracle: the subnet's Security List.
- At home: forwarding of the TCP port, in the router, to this machine.
Somebody outside proves it: chat-client --doctor ADDRESS PORT; and here, that
their connection leaves a line in the log: journalctl -u chat-server -f.",
    },
];
