//! Names as they arrive. Lines of the input are names; each must hold what [`UserName`] promises, any two of them
//! must agree about whether they are the same name, and none is shown as another.

use chat_client::sanitize::{MIXED_SCRIPTS, sanitize_name};
use chat_protocol::limits::{NAME_CHARS_MAX, NAME_RAW_BYTES_MAX};
use chat_protocol::{NameError, UserName};
use unicode_normalization::{UnicodeNormalization, is_nfc};
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

/// Names of one input that are compared with each other.
const NAMES_MAX: usize = 8;

/// See the module's documentation.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut names = Vec::new();
    for raw in text.split('\n').take(NAMES_MAX) {
        match UserName::parse(raw) {
            Ok(name) => {
                check(raw, &name);
                names.push(name);
            }
            Err(error) => check_refusal(raw, error),
        }
    }
    for a in &names {
        for b in &names {
            let is_same = a.key() == b.key();
            assert_eq!(a.is_spelled(b.as_str()), is_same, "{a:?} {b:?}");
        }
    }
}

fn check(raw: &str, name: &UserName) {
    let spelling = name.as_str();
    let length = spelling.chars().count();
    assert!((1..=NAME_CHARS_MAX).contains(&length), "{length} characters");
    assert!(is_nfc(spelling) && raw.nfc().eq(spelling.chars()), "{raw:?} became {spelling:?}");
    for c in spelling.chars() {
        let is_word =
            matches!(c.general_category_group(), GeneralCategoryGroup::Letter | GeneralCategoryGroup::Number);
        assert!(is_word || "_-.".contains(c), "{c:?} in {spelling:?}");
    }
    assert!(!is_reserved(spelling), "{spelling:?} is reserved");
    assert_eq!(UserName::parse(spelling).as_ref(), Ok(name), "a name is a name again");
    assert!(name.is_spelled(raw) && name.is_spelled(spelling));
    // The eye has only what is shown: the name, or something that says that it is not quite that.
    let shown = sanitize_name(spelling);
    let is_marked = shown.as_str().starts_with(MIXED_SCRIPTS) || shown.as_str().starts_with('<');
    assert!(shown.as_str() == spelling || is_marked, "{spelling:?} is shown as {shown:?}");
}

fn check_refusal(raw: &str, error: NameError) {
    match error {
        NameError::Empty => assert!(raw.is_empty()),
        NameError::TooLong => {
            assert!(raw.len() > NAME_RAW_BYTES_MAX || raw.nfc().count() > NAME_CHARS_MAX, "{raw:?}");
        }
        NameError::Character(c) => assert!(raw.nfc().any(|other| other == c), "{c:?} is not in {raw:?}"),
        NameError::Reserved => {
            assert!(is_reserved(&raw.nfc().collect::<String>()), "{raw:?}");
        }
    }
}

fn is_reserved(spelling: &str) -> bool {
    let is_mark = |c: &char| c.general_category_group() == GeneralCategoryGroup::Mark;
    let letters: String = spelling.to_lowercase().nfd().filter(|c| !is_mark(c)).collect();
    matches!(&*letters, "server" | "servidor")
}
