//! What comes out of the sanitizer: nothing that moves the cursor, hides, or turns the reading direction round;
//! bounded in bytes, lines and columns; the same when it passes a second time. The first byte of the input says
//! whether the terminal draws clusters whole, and to how many columns the text is cut.

use chat_client::sanitize::{
    LINES_MAX, TEXT_BYTES_MAX, Visible, Widths, cells, columns, sanitize, sanitize_line, sanitize_name,
    set_widths,
};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// What stands beside a name: the brackets of an odd one, or the mark of one that mixes scripts.
const NAME_EXTRA_BYTES: usize = 3;

/// See the module's documentation.
pub fn run(data: &[u8]) {
    let Some((first, raw)) = data.split_first() else { return };
    let by_clusters = first & 1 == 1;
    set_widths(if by_clusters { Widths::Clusters } else { Widths::Scalars });
    let max = usize::from(first >> 1);
    let raw = String::from_utf8_lossy(raw);

    let text = sanitize(&raw);
    check(&text, by_clusters, max);
    assert!(text.as_str().len() <= TEXT_BYTES_MAX, "{} bytes", text.as_str().len());
    assert!(text.as_str().split('\n').count() <= LINES_MAX);
    assert_eq!(sanitize(text.as_str()), text, "the second time changes nothing");

    let line = sanitize_line(&raw);
    check(&line, by_clusters, max);
    assert!(line.as_str().len() <= TEXT_BYTES_MAX && !line.as_str().contains('\n'));
    assert_eq!(sanitize_line(line.as_str()), line, "the second time changes nothing");

    let name = sanitize_name(&raw);
    check(&name, by_clusters, max);
    assert!(!name.is_empty() && name.as_str().len() <= TEXT_BYTES_MAX + NAME_EXTRA_BYTES);
}

fn check(text: &Visible, by_clusters: bool, max: usize) {
    assert_harmless(text, by_clusters);
    let cut = text.cut(max);
    assert_harmless(&cut, by_clusters);
    if text.columns() <= max {
        assert_eq!(&cut, text);
    } else {
        // The tilde itself has one column.
        assert!(cut.columns() <= max.max(1) && cut.as_str().ends_with('~'), "{cut:?} in {max}");
    }
    let flat = text.flattened();
    assert!(!flat.as_str().contains('\n') && flat.as_str().len() == text.as_str().len());
}

fn assert_harmless(text: &Visible, by_clusters: bool) {
    for c in text.as_str().chars() {
        let category = c.general_category();
        let is_joiner = matches!(c, '\u{200d}' | '\u{fe0f}');
        let is_bad = matches!(
            category,
            GeneralCategory::Control
                | GeneralCategory::Format
                | GeneralCategory::LineSeparator
                | GeneralCategory::ParagraphSeparator
                | GeneralCategory::PrivateUse
                | GeneralCategory::Unassigned
        );
        assert!(c == '\n' || !is_bad || (by_clusters && is_joiner), "{c:?} in {text:?}");
    }
    let whole: String = cells(text.as_str()).map(|(cell, _)| cell).collect();
    assert_eq!(whole, text.as_str(), "the cells are the text");
    let sum: usize = cells(text.as_str()).map(|(_, width)| width).sum();
    assert_eq!((sum, sum), (columns(text.as_str()), text.columns()), "{text:?}");
    assert!(cells(text.as_str()).all(|(_, width)| width <= 2), "{text:?}");
}
