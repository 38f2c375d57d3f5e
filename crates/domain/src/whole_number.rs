//! Whole numbers as a text tells them, in an address above all. There is one way to write each, so that a thing has one
//! address and what is mistyped is not taken for another thing.

use std::str::FromStr;

/// Reads a whole number in decimal digits, without a sign, a leading zero or white space. `None` for anything else, and
/// for what the type has no room for.
#[must_use]
pub fn parse<T: FromStr>(text: &str) -> Option<T> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    is_plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_is_written_in_one_way() {
        for (text, number) in [("0", 0), ("7", 7), ("10", 10), ("255", 255)] {
            assert_eq!(parse::<u8>(text), Some(number), "{text}");
        }
        for bad in [
            "", "+1", "-1", "-0", "01", "00", " 1", "1 ", "1.0", "1e2", "0x1", "x", "\u{661}", "256",
        ] {
            assert_eq!(parse::<u8>(bad), None, "{bad}");
            assert_eq!(parse::<i64>(bad), (bad == "256").then_some(256), "{bad}");
        }
    }
}
