//! What a chart writes: names of others with every character of markup escaped, coordinates with at most one decimal,
//! counts with their thousands apart, spans of time as people say them; and how wide a label will be, before anyone has
//! chosen a font: rather too wide than too narrow, so that labels never touch.

use std::fmt;

/// A text of anybody, safe in an element and in a quoted attribute.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'a>(pub(super) &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in self.0.split_inclusive(['&', '<', '>', '"', '\'']) {
            let mut characters = piece.chars();
            let escaped = match characters.next_back() {
                Some('&') => "&amp;",
                Some('<') => "&lt;",
                Some('>') => "&gt;",
                Some('"') => "&quot;",
                Some('\'') => "&#39;",
                _ => {
                    f.write_str(piece)?;
                    continue;
                }
            };
            f.write_str(characters.as_str())?;
            f.write_str(escaped)?;
        }
        Ok(())
    }
}

/// A coordinate, to a tenth.
#[derive(Clone, Copy, Debug)]
pub(super) struct Num(pub(super) f64);

impl fmt::Display for Num {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:.1}", self.0);
        let text = text.strip_suffix(".0").unwrap_or(&text);
        f.write_str(if text == "-0" { "0" } else { text })
    }
}

/// A count as a coordinate knows it.
pub(super) fn real(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}

/// A number of things as a coordinate knows it.
pub(super) fn real_len(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}

/// `1,234,567`.
pub(super) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 deployment`, `2 deployments`, `no deployments`.
pub(super) fn counted(count: u64, (one, many): (&str, &str)) -> String {
    match count {
        0 => format!("no {many}"),
        1 => format!("1 {one}"),
        _ => format!("{} {many}", grouped(count)),
    }
}

/// A span of time with one unit, and a decimal where there are few of it: `45 s`, `12 min`, `3.3 h`, `2.2 d`.
pub(super) fn duration(seconds: f64) -> String {
    let (size, unit) = match seconds {
        seconds if seconds < 60.0 => (1.0, "s"),
        seconds if seconds < 3_600.0 => (60.0, "min"),
        seconds if seconds < 48.0 * 3_600.0 => (3_600.0, "h"),
        _ => (86_400.0, "d"),
    };
    let amount = seconds.max(0.0) / size;
    if amount < 10.0 && size > 60.0 {
        format!("{} {unit}", Num(amount))
    } else {
        format!("{amount:.0} {unit}")
    }
}

/// How many pixels a label of 12 pixels takes, in the wider of the usual fonts.
pub(super) fn width(label: &str) -> f64 {
    let each = label.chars().map(|character| match character {
        ' ' | '.' | ',' | ':' | 'i' | 'l' | 'j' | 't' | 'f' | 'r' | 'I' => 4.6,
        'm' | 'w' | 'M' | 'W' => 11.8,
        'A'..='Z' => 8.8,
        character if character.is_ascii() => 7.7,
        _ => 12.0,
    });
    each.sum()
}

/// An id that needs no escaping anywhere, also not in `url(#…)`.
pub(super) fn identifier(id: &str) -> String {
    let sound = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_');
    let id = id.chars();
    id.map(|character| if sound(character) { character } else { '-' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_escaped_everywhere_in_a_text() {
        for (text, escaped) in [
            ("", ""),
            ("plain", "plain"),
            ("<", "&lt;"),
            ("a<b>c", "a&lt;b&gt;c"),
            ("\"'&&", "&quot;&#39;&amp;&amp;"),
            ("</title><script>", "&lt;/title&gt;&lt;script&gt;"),
            ("é & ü", "é &amp; ü"),
        ] {
            assert_eq!(Text(text).to_string(), escaped);
        }
    }

    #[test]
    fn coordinates_have_at_most_one_decimal() {
        for (number, text) in [
            (0.0, "0"),
            (-0.04, "0"),
            (12.0, "12"),
            (12.34, "12.3"),
            (-3.96, "-4"),
            (99.95, "100"),
        ] {
            assert_eq!(Num(number).to_string(), text, "{number}");
        }
    }

    #[test]
    fn counts_are_read_at_a_glance() {
        for (count, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(count), text);
        }
        let told = [0, 1, 1_200].map(|count| counted(count, ("day", "days")));
        assert_eq!(told, ["no days", "1 day", "1,200 days"]);
    }

    #[test]
    fn spans_are_told_in_the_unit_that_suits_them() {
        for (seconds, text) in [
            (0.0, "0 s"),
            (45.2, "45 s"),
            (90.0, "2 min"),
            (3_540.0, "59 min"),
            (3_600.0, "1 h"),
            (11_880.0, "3.3 h"),
            (36_000.0, "10 h"),
            (190_080.0, "2.2 d"),
            (8_640_000.0, "100 d"),
        ] {
            assert_eq!(duration(seconds), text, "{seconds}");
        }
    }

    #[test]
    fn an_id_keeps_nothing_that_could_end_it() {
        assert_eq!(identifier("per day\"><x_1"), "per-day---x_1");
    }
}
