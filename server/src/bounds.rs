//! The bounds that are set by name, `--limit NAME=VALUE`: one table from which they are read, explained and listed.
//!
//! It does not know what each is for; whoever enforces it does.

use std::time::Duration;

use chat_protocol::Lang;

/// What can be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table says what each is")]
pub enum Name {
    Handshake,
    Registration,
    Ping,
    Pong,
    Message,
    Close,
    Flood,
    Patience,
    Strangers,
    Arrivals,
    Accepts,
    Head,
    Letters,
    Ring,
    Behind,
    BehindTime,
    Queues,
}

/// One row of the table.
#[derive(Debug)]
pub struct Row {
    /// As it is written on the command line.
    pub name: &'static str,
    /// What its values count.
    pub unit: Unit,
    /// The value without an option; times are in milliseconds.
    pub default: u64,
    min: u64,
    max: u64,
    spanish: &'static str,
    english: &'static str,
}

/// What a value counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Written in seconds, fractions allowed; kept in milliseconds.
    Seconds,
    /// Bytes.
    Bytes,
    /// Things.
    Count,
}

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// All that can be set, in the order of [`Name`].
pub const TABLE: [Row; 17] = [
    time("handshake", 10, "para enviar la petición HTTP entera", "to send the whole HTTP request"),
    time(
        "registration",
        30,
        "para registrarse, desde la respuesta 101",
        "to register, from the answer 101 on",
    ),
    time("ping", 25, "de silencio hasta el ping del servidor", "of silence until the server pings"),
    time(
        "pong",
        15,
        "más de silencio y la conexión se da por perdida",
        "more of it and the connection is lost",
    ),
    time("message", 30, "para terminar un mensaje empezado", "to finish a message that was begun"),
    time(
        "close",
        2,
        "para recibir lo pendiente y contestar al cierre",
        "to take what waits and answer a close",
    ),
    time(
        "flood",
        10,
        "enviando demasiado hasta el cierre con 1008",
        "of sending too much until the close with 1008",
    ),
    time(
        "patience",
        2,
        "para la petición, y otro tanto hasta registrarse",
        "for the request, again to register, if crowded",
    ),
    row(
        "strangers",
        Unit::Count,
        256,
        (1, 1_000_000),
        "conexiones sin registrar",
        "connections that are not registered",
    ),
    row(
        "arrivals",
        Unit::Count,
        20,
        (0, 1_000_000),
        "nuevas conexiones por s y dirección; 0 todas",
        "new connections a second and address; 0 all",
    ),
    row(
        "accepts",
        Unit::Count,
        64,
        (1, 4_096),
        "conexiones aceptadas en cada vuelta",
        "connections accepted in one turn",
    ),
    row(
        "head",
        Unit::Bytes,
        8 * KIB,
        (256, 64 * KIB),
        "cabecera de una petición HTTP",
        "head of an HTTP request",
    ),
    row("letters", Unit::Bytes, 256 * KIB, (256 * KIB, GIB), "en cola para uno solo", "queued for one alone"),
    row(
        "ring",
        Unit::Bytes,
        MIB,
        (MIB, GIB),
        "la cola común del chat general",
        "the general chat's common queue",
    ),
    row(
        "behind",
        Unit::Bytes,
        256 * KIB,
        (4 * KIB, GIB),
        "de retraso en el chat general",
        "behind in the general chat",
    ),
    time(
        "behind-time",
        10,
        "con ese retraso hasta el cierre con 1008",
        "so far behind until the close with 1008",
    ),
    row(
        "queues",
        Unit::Bytes,
        128 * MIB,
        (MIB, 1_024 * GIB),
        "en cola para todos juntos",
        "queued for all together",
    ),
];

const fn time(name: &'static str, seconds: u64, spanish: &'static str, english: &'static str) -> Row {
    row(name, Unit::Seconds, seconds * 1_000, (10, 86_400_000), spanish, english)
}

const fn row(
    name: &'static str,
    unit: Unit,
    default: u64,
    (min, max): (u64, u64),
    spanish: &'static str,
    english: &'static str,
) -> Row {
    Row { name, unit, default, min, max, spanish, english }
}

/// What was set of it; the rest has its default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bounds([Option<u64>; TABLE.len()]);

impl Bounds {
    /// A time.
    #[must_use]
    pub fn time(&self, name: Name) -> Duration {
        debug_assert_eq!(TABLE[name as usize].unit, Unit::Seconds);
        Duration::from_millis(self.value(name))
    }

    /// A number of bytes or things.
    #[must_use]
    pub fn count(&self, name: Name) -> usize {
        debug_assert_ne!(TABLE[name as usize].unit, Unit::Seconds);
        usize::try_from(self.value(name)).unwrap_or(usize::MAX)
    }

    /// Whether it was set.
    #[must_use]
    pub fn is_set(&self, name: Name) -> bool {
        self.0[name as usize].is_some()
    }

    fn value(&self, name: Name) -> u64 {
        self.0[name as usize].unwrap_or(TABLE[name as usize].default)
    }

    /// Takes `NAME=VALUE` over.
    ///
    /// # Errors
    /// What would be right, as a part of a sentence.
    pub fn set(&mut self, assignment: &str, lang: Lang) -> Result<(), String> {
        let (name, value) = assignment.split_once('=').unwrap_or((assignment, ""));
        let Some(place) = TABLE.iter().position(|row| row.name == name.trim()) else {
            return Err(names(lang));
        };
        let value = TABLE[place].value(value.trim()).ok_or_else(|| TABLE[place].range(lang))?;
        self.0[place] = Some(value);
        Ok(())
    }
}

impl Row {
    fn value(&self, text: &str) -> Option<u64> {
        let value = match self.unit {
            Unit::Seconds => {
                let seconds: f64 = text.parse().ok().filter(|seconds| (0.0..1e6).contains(seconds))?;
                u64::try_from(Duration::from_secs_f64(seconds).as_millis()).ok()?
            }
            Unit::Bytes | Unit::Count => text.parse().ok()?,
        };
        (self.min..=self.max).contains(&value).then_some(value)
    }

    /// A value as it is written on the command line.
    fn written(&self, value: u64) -> String {
        match self.unit {
            Unit::Seconds => format!("{}", Duration::from_millis(value).as_secs_f64()),
            Unit::Bytes | Unit::Count => value.to_string(),
        }
    }

    fn range(&self, lang: Lang) -> String {
        let (name, min, max) = (self.name, self.written(self.min), self.written(self.max));
        match (lang, self.unit) {
            (Lang::Spanish, Unit::Seconds) => format!("{name}=N, segundos entre {min} y {max}"),
            (Lang::Spanish, _) => format!("{name}=N, un número entero entre {min} y {max}"),
            (Lang::English, Unit::Seconds) => format!("{name}=N, seconds from {min} to {max}"),
            (Lang::English, _) => format!("{name}=N, a whole number from {min} to {max}"),
        }
    }

    /// What it bounds, in words.
    #[must_use]
    pub fn meaning(&self, lang: Lang) -> &'static str {
        lang.pick(self.spanish, self.english)
    }
}

fn names(lang: Lang) -> String {
    let names: Vec<_> = TABLE.iter().map(|row| row.name).collect();
    format!(
        "{}: {}",
        lang.pick("NOMBRE=VALOR con uno de estos nombres", "NAME=VALUE with one of these names"),
        names.join(", ")
    )
}

/// The whole table for a person: a line a row with its name, its default and what it means.
#[must_use]
pub fn listing(lang: Lang) -> String {
    let line = |row: &Row| {
        let unit = match row.unit {
            Unit::Seconds => "s",
            Unit::Bytes => "bytes",
            Unit::Count => "",
        };
        let default = row.written(row.default);
        format!("  {:<13}{default:>9} {unit:<5} {}\n", row.name, row.meaning(lang))
    };
    TABLE.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_names() {
        let bounds = Bounds::default();
        assert_eq!(bounds.time(Name::Handshake), Duration::from_secs(10));
        assert_eq!(bounds.time(Name::Patience), Duration::from_secs(2));
        assert_eq!(bounds.count(Name::Strangers), 256);
        assert_eq!(bounds.count(Name::Head), 8_192);
        assert_eq!(bounds.time(Name::BehindTime), Duration::from_secs(10));
        assert_eq!(bounds.count(Name::Queues), 128 << 20);
        assert_eq!(Name::Queues as usize, TABLE.len() - 1);
    }

    #[test]
    fn every_row_takes_its_default_and_its_ends_and_nothing_beyond() {
        for row in &TABLE {
            for value in [row.default, row.min, row.max] {
                let mut bounds = Bounds::default();
                bounds.set(&format!("{}={}", row.name, row.written(value)), Lang::English).unwrap();
            }
            for wrong in ["", "x", "-1", "1e99", "nan", &row.written(row.max + 10)] {
                let right =
                    Bounds::default().set(&format!("{}={wrong}", row.name), Lang::English).unwrap_err();
                assert!(right.starts_with(row.name) && right.contains(&row.written(row.max)), "{right}");
            }
            assert!(
                listing(Lang::Spanish).contains(row.spanish) && listing(Lang::English).contains(row.english)
            );
        }
    }

    #[test]
    fn values_are_taken_over_and_an_unknown_name_is_told_the_known_ones() {
        let mut bounds = Bounds::default();
        bounds.set("handshake=0.25", Lang::English).unwrap();
        bounds.set("strangers = 7", Lang::English).unwrap();
        assert_eq!(bounds.time(Name::Handshake), Duration::from_millis(250));
        assert_eq!(bounds.count(Name::Strangers), 7);
        for unknown in ["hand=1", "", "=", "Handshake=1"] {
            assert!(bounds.set(unknown, Lang::Spanish).unwrap_err().contains("handshake, registration"));
        }
    }

    #[test]
    fn the_listing_fits_on_a_screen() {
        for lang in [Lang::Spanish, Lang::English] {
            assert!(listing(lang).lines().all(|line| line.chars().count() <= 80), "{}", listing(lang));
        }
    }
}
