//! Columns of text, for a person: the first ones to the left, figures to the right.

/// Rows of a table, of which the first is its head.
#[must_use]
pub fn layout(rows: &[Vec<String>], text_columns: usize) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<_> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let width = widths[column];
            line.push_str(if column == 0 { "  " } else { "   " });
            if column < text_columns {
                line.push_str(&format!("{cell:<width$}"));
            } else {
                line.push_str(&format!("{cell:>width$}"));
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A figure with as many digits as it deserves, thousands set apart.
#[must_use]
pub fn figure(value: f64) -> String {
    match value {
        value if !value.is_finite() => "–".to_owned(),
        value if value < 10.0 => format!("{value:.2}"),
        value if value < 100.0 => format!("{value:.1}"),
        value => grouped(value.round() as u64),
    }
}

/// A whole number, thousands set apart.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [vec!["N".into(), "ns".into()], vec!["chat".into(), "1,000".into()]];
        assert_eq!(layout(&rows, 1), "  N         ns\n  chat   1,000\n");
    }

    #[test]
    fn figures_have_three_digits_or_are_whole() {
        assert_eq!([0.123, 12.34, 999.6, 1_234_567.0].map(figure), ["0.12", "12.3", "1,000", "1,234,567"]);
        assert_eq!(figure(f64::NAN), "–");
    }
}
