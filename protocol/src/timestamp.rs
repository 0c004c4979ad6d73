//! The time in messages: the server's clock, RFC 3339 in UTC with milliseconds (`2026-11-20T15:12:15.123Z`).
//! It does not read a clock; whoever owns one passes the milliseconds in.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A point in time, in milliseconds since the Unix epoch, within the years that RFC 3339 can write (0 to 9999).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// From milliseconds since the Unix epoch. A clock outside the years 0 to 9999 counts as the epoch itself:
    /// a broken clock must not stop the chat.
    #[must_use]
    pub fn from_unix_millis(millis: i64) -> Self {
        Self::checked(millis).unwrap_or(Self(DateTime::UNIX_EPOCH))
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub fn unix_millis(self) -> i64 {
        self.0.timestamp_millis()
    }

    fn checked(millis: i64) -> Option<Self> {
        const YEAR_0: i64 = -62_167_219_200_000;
        const YEAR_10000: i64 = 253_402_300_800_000;
        (YEAR_0..YEAR_10000)
            .contains(&millis)
            .then(|| DateTime::from_timestamp_millis(millis).map(Self))
            .flatten()
    }

    /// What peers send as a timestamp: RFC 3339, or seconds or milliseconds since the epoch as digits.
    fn parse(text: &str) -> Option<Self> {
        if let Ok(time) = DateTime::parse_from_rfc3339(text) {
            return Self::checked(time.timestamp_millis());
        }
        text.parse().ok().and_then(Self::of_epoch)
    }

    /// An epoch number: below 10^11 it is seconds (that is the year 5138), above it milliseconds.
    fn of_epoch(number: i64) -> Option<Self> {
        let millis =
            if number.unsigned_abs() < 100_000_000_000 { number.checked_mul(1_000)? } else { number };
        Self::checked(millis)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Reads a timestamp of any form; what is no time at all is `None`, never an error, since a message is not
/// lost for its clock.
pub(crate) fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    struct Lenient;

    impl<'de> de::Visitor<'de> for Lenient {
        type Value = Option<Timestamp>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a timestamp of any form")
        }

        fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Timestamp::parse(text))
        }

        fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
            Ok(Timestamp::of_epoch(number))
        }

        fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
            Ok(i64::try_from(number).ok().and_then(Timestamp::of_epoch))
        }

        fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
            // A float out of i64's range saturates, and a saturated one is out of the calendar's range.
            Ok(Timestamp::of_epoch(number as i64))
        }

        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            while seq.next_element::<de::IgnoredAny>()?.is_some() {}
            Ok(None)
        }

        fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            while map.next_entry::<de::IgnoredAny, de::IgnoredAny>()?.is_some() {}
            Ok(None)
        }
    }

    deserializer.deserialize_any(Lenient)
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient(deserializer)?.ok_or_else(|| de::Error::custom("not a timestamp"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<i64> {
        lenient(&mut serde_json::Deserializer::from_str(json)).unwrap().map(Timestamp::unix_millis)
    }

    #[test]
    fn is_written_in_utc_with_milliseconds() {
        assert_eq!(Timestamp::from_unix_millis(1_795_187_535_123).to_string(), "2026-11-20T15:12:15.123Z");
        assert_eq!(Timestamp::from_unix_millis(0).to_string(), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn a_clock_out_of_the_calendar_counts_as_the_epoch() {
        assert_eq!(Timestamp::from_unix_millis(i64::MAX), Timestamp::from_unix_millis(0));
        assert_eq!(Timestamp::from_unix_millis(i64::MIN), Timestamp::from_unix_millis(0));
    }

    #[test]
    fn peers_forms_are_read_and_nonsense_is_no_time() {
        assert_eq!(read(r#""2026-11-20T15:12:15.123Z""#), Some(1_795_187_535_123));
        assert_eq!(read(r#""2026-11-20T09:12:15.123-06:00""#), Some(1_795_187_535_123));
        assert_eq!(read("1795187535"), Some(1_795_187_535_000));
        assert_eq!(read("1795187535123"), Some(1_795_187_535_123));
        assert_eq!(read(r#""1795187535""#), Some(1_795_187_535_000));
        for nonsense in
            ["null", "true", "[1,[2]]", r#"{"a":1}"#, r#""ayer""#, "1e300", "18446744073709551615"]
        {
            assert_eq!(read(nonsense), None, "{nonsense}");
        }
    }
}
