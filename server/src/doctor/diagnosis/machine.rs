//! What the machine itself allows: descriptors, memory, and the time that messages are stamped with.

use chat_protocol::Timestamp;

use super::{Case, say};
use crate::doctor::facts::{Clock, Room};
use crate::doctor::finding::{Finding, Status};
use crate::doctor::limits::{users_by_descriptors, users_by_memory};

/// 2024 and 2100 began then: a clock that is not between them was never set.
const SANE_UNIX_SECONDS: std::ops::Range<i64> = 1_704_067_200..4_102_444_800;
const MIB: u64 = 1024 * 1024;

impl Case<'_> {
    pub(super) fn descriptors(&self) -> Finding {
        let lang = self.lang();
        let descriptors = self.facts.descriptors;
        let limit =
            |limit: Option<u64>| limit.map_or_else(|| say!(lang, "ninguno", "none"), |n| n.to_string());
        let (soft, hard) = (limit(descriptors.soft), limit(descriptors.hard));
        let whose = if descriptors.of_the_server {
            say!(lang, "El servidor en marcha", "The running server")
        } else {
            say!(lang, "Un servidor iniciado desde aquí", "A server started from here")
        };
        let wanted = self.config.max_clients;
        match users_by_descriptors(descriptors) {
            Some(users) if users < wanted as u64 => {
                let meaning = say!(
                    lang,
                    "{whose} puede abrir pocos archivos (límite {soft}, máximo {hard}): caben {users} usuarios de los \
                     {wanted} de --max-clients.",
                    "{whose} may open few files (limit {soft}, maximum {hard}): {users} users fit of the {wanted} of \
                     --max-clients."
                );
                let connections = self.config.limits().connections_max;
                let needed = connections.saturating_add(crate::config::DESCRIPTORS_RESERVED);
                Finding::new("DESCRIPTORS-LOW", Status::InTheWay, meaning).then(say!(
                    lang,
                    "Suba el máximo (systemd: LimitNOFILE={needed}), o pida menos: --max-clients {users}",
                    "Raise the maximum (systemd: LimitNOFILE={needed}), or ask for fewer: --max-clients {users}"
                ))
            }
            users => {
                let users = users.map_or_else(
                    || say!(lang, "caben todos", "everybody fits"),
                    |users| say!(lang, "caben {users} usuarios", "{users} users fit"),
                );
                let meaning = say!(
                    lang,
                    "{whose} puede abrir bastantes archivos (límite {soft}, máximo {hard}): {users}.",
                    "{whose} may open enough files (limit {soft}, maximum {hard}): {users}."
                );
                Finding::new("DESCRIPTORS-OK", Status::Clear, meaning)
            }
        }
    }

    pub(super) fn memory(&self) -> Finding {
        let lang = self.lang();
        let memory = self.facts.memory;
        let unknown = || say!(lang, "no se sabe", "unknown");
        let available = memory.available.map_or_else(unknown, |bytes| format!("{} MiB", bytes / MIB));
        let group = match memory.group {
            Room::Unlimited => say!(lang, "sin límite", "no limit"),
            Room::Bytes(bytes) => format!("{} MiB", bytes / MIB),
            Room::Unknown => unknown(),
        };
        let room = say!(
            lang,
            "disponible en la máquina: {available}; en el grupo de control: {group}",
            "available in the machine: {available}; in the control group: {group}"
        );
        let wanted = self.config.max_clients;
        match users_by_memory(memory) {
            None => {
                let meaning = say!(
                    lang,
                    "No se sabe cuánta memoria queda ({room}).",
                    "How much memory is left is unknown ({room})."
                );
                Finding::new("MEMORY-UNKNOWN", Status::Unknown, meaning).then(say!(
                    lang,
                    "Véalo con: free -m",
                    "See it with: free -m"
                ))
            }
            Some(users) if users < wanted as u64 => {
                let meaning = say!(
                    lang,
                    "Queda memoria para unos {users} usuarios de los {wanted} de --max-clients ({room}).",
                    "There is memory for about {users} users of the {wanted} of --max-clients ({room})."
                );
                Finding::new("MEMORY-LOW", Status::InTheWay, meaning).then(say!(
                    lang,
                    "Libere memoria, tome una máquina mayor, o pida menos: --max-clients {users}",
                    "Free memory, take a larger machine, or ask for fewer: --max-clients {users}"
                ))
            }
            Some(users) => {
                let meaning = say!(
                    lang,
                    "Hay memoria para unos {users} usuarios ({room}).",
                    "There is memory for about {users} users ({room})."
                );
                Finding::new("MEMORY-OK", Status::Clear, meaning)
            }
        }
    }

    pub(super) fn clock(&self) -> Finding {
        let lang = self.lang();
        let Clock { unix_seconds, is_synchronized } = self.facts.clock;
        let time = Timestamp::from_unix_millis(unix_seconds.saturating_mul(1_000));
        if !SANE_UNIX_SECONDS.contains(&unix_seconds) {
            let meaning = say!(
                lang,
                "El reloj dice {time}, que no puede ser: los mensajes llevarían esa hora.",
                "The clock says {time}, which cannot be: messages would carry that time."
            );
            return Finding::new("CLOCK-WRONG", Status::InTheWay, meaning).then(say!(
                lang,
                "Póngalo en hora: sudo timedatectl set-ntp true",
                "Set it: sudo timedatectl set-ntp true"
            ));
        }
        match is_synchronized {
            Some(true) => {
                let meaning = say!(
                    lang,
                    "El reloj dice {time} y sigue a un servidor de tiempo.",
                    "The clock says {time} and follows a time server."
                );
                Finding::new("CLOCK-OK", Status::Clear, meaning)
            }
            Some(false) => {
                let meaning = say!(
                    lang,
                    "El reloj dice {time}, pero no sigue a ningún servidor de tiempo.",
                    "The clock says {time}, but it follows no time server."
                );
                Finding::new("CLOCK-UNSYNCHRONIZED", Status::Note, meaning).then(say!(
                    lang,
                    "sudo timedatectl set-ntp true",
                    "sudo timedatectl set-ntp true"
                ))
            }
            None => {
                let meaning = say!(
                    lang,
                    "El reloj dice {time}; no se sabe si sigue a un servidor de tiempo.",
                    "The clock says {time}; whether it follows a time server is unknown."
                );
                Finding::new("CLOCK-UNKNOWN", Status::Unknown, meaning).then(say!(
                    lang,
                    "Compárelo con otro reloj.",
                    "Compare it with another clock."
                ))
            }
        }
    }
}
