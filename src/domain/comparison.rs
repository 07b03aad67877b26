//! Whether a program wrote what was expected of it. Pure functions of bytes.

/// How output is compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Comparison {
    /// Byte for byte.
    Exact,
    /// Blanks at the ends of lines and blank lines at the end do not count.
    TrimTrailingWhitespace,
    /// The same words.
    Tokens,
    /// The same words, numbers within a tolerance.
    Numeric {
        /// Absolute, or relative to the expected number.
        tolerance: f64,
    },
}

/// Longest piece of a word that a sentence quotes, in bytes.
const QUOTED_BYTES_MAX: usize = 40;

impl Comparison {
    /// Where `actual` first differs from `expected`, in words for a person; `None` where it does not.
    #[must_use]
    pub fn difference(self, expected: &[u8], actual: &[u8]) -> Option<String> {
        match self {
            Self::Exact => exact(expected, actual),
            Self::TrimTrailingWhitespace => lines(expected, actual),
            Self::Tokens => tokens(expected, actual, |expected, actual| expected == actual),
            Self::Numeric { tolerance } => {
                tokens(expected, actual, |expected, actual| same_number(expected, actual, tolerance))
            }
        }
    }
}

fn exact(expected: &[u8], actual: &[u8]) -> Option<String> {
    if expected == actual {
        return None;
    }
    let at = expected.iter().zip(actual).take_while(|(expected, actual)| expected == actual).count();
    let line = 1 + expected[..at].iter().filter(|byte| **byte == b'\n').count();
    Some(match (expected.get(at), actual.get(at)) {
        (Some(_), Some(_)) => format!("it differs from byte {at} on, in line {line}"),
        (Some(_), None) => format!("it ends after {at} bytes where {} were expected", expected.len()),
        _ => format!("it goes on after the expected {} bytes", expected.len()),
    })
}

fn lines(expected: &[u8], actual: &[u8]) -> Option<String> {
    let trimmed = |text| trim_end(text).split(|byte| *byte == b'\n').map(trim_end);
    let (mut expected, mut actual) = (trimmed(expected), trimmed(actual));
    for line in 1.. {
        match (expected.next(), actual.next()) {
            (None, None) => return None,
            (Some(expected), Some(actual)) if expected == actual => {}
            (Some(expected), Some(actual)) => {
                return Some(format!(
                    "line {line} is {} where {} was expected",
                    quote(actual),
                    quote(expected)
                ));
            }
            (Some(_), None) => return Some(format!("it ends before line {line}")),
            (None, Some(_)) => {
                return Some(format!("it goes on with line {line} where the end was expected"));
            }
        }
    }
    None
}

fn tokens(expected: &[u8], actual: &[u8], same: impl Fn(&[u8], &[u8]) -> bool) -> Option<String> {
    let words = |text| <[u8]>::split(text, |byte| is_blank(*byte)).filter(|word| !word.is_empty());
    let (mut expected, mut actual) = (words(expected), words(actual));
    for word in 1.. {
        match (expected.next(), actual.next()) {
            (None, None) => return None,
            (Some(expected), Some(actual)) if same(expected, actual) => {}
            (Some(expected), Some(actual)) => {
                return Some(format!(
                    "word {word} is {} where {} was expected",
                    quote(actual),
                    quote(expected)
                ));
            }
            (Some(expected), None) => {
                return Some(format!("it ends before word {word}, {} was expected", quote(expected)));
            }
            (None, Some(actual)) => {
                return Some(format!("it goes on with {} where the end was expected", quote(actual)));
            }
        }
    }
    None
}

fn same_number(expected: &[u8], actual: &[u8], tolerance: f64) -> bool {
    let number = |word| std::str::from_utf8(word).ok()?.parse::<f64>().ok();
    if expected == actual {
        return true;
    }
    match (number(expected), number(actual)) {
        (Some(expected), Some(actual)) if expected.is_nan() || actual.is_nan() => {
            expected.is_nan() && actual.is_nan()
        }
        // Of infinities the difference is no number: they are within no tolerance but of themselves.
        (Some(expected), Some(actual)) if expected.is_infinite() || actual.is_infinite() => {
            expected == actual
        }
        (Some(expected), Some(actual)) => (expected - actual).abs() <= tolerance * expected.abs().max(1.0),
        _ => false,
    }
}

fn is_blank(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}

fn trim_end(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|byte| !is_blank(*byte)).map_or(0, |last| last + 1);
    &text[..end]
}

fn quote(word: &[u8]) -> String {
    let shown = String::from_utf8_lossy(&word[..word.len().min(QUOTED_BYTES_MAX)]).into_owned();
    if word.len() > QUOTED_BYTES_MAX { format!("{shown:?} and more") } else { format!("{shown:?}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(comparison: Comparison, expected: &str, actual: &str) -> bool {
        comparison.difference(expected.as_bytes(), actual.as_bytes()).is_none()
    }

    #[test]
    fn each_comparison_forgives_what_it_says_and_no_more() {
        let numeric = Comparison::Numeric { tolerance: 1e-6 };
        let (exact, trim, tokens) =
            (Comparison::Exact, Comparison::TrimTrailingWhitespace, Comparison::Tokens);
        // expected, actual, and whether exact, trim, tokens, numeric accept.
        let cases = [
            ("a\n", "a\n", [true, true, true, true]),
            ("a\n", "a", [false, true, true, true]),
            ("a \r\nb\n\n\n", "a\nb", [false, true, true, true]),
            ("a\n\nb\n", "a\nb\n", [false, false, true, true]),
            (" a\n", "a\n", [false, false, true, true]),
            ("a b\n", "a  b\n", [false, false, true, true]),
            ("a b\n", "ab\n", [false, false, false, false]),
            ("a\n", "A\n", [false, false, false, false]),
            ("1.0\n", "1\n", [false, false, false, true]),
            ("1000000\n", "1000000.5\n", [false, false, false, true]),
            ("1\n", "1.1\n", [false, false, false, false]),
            ("1\n", "1 2\n", [false, false, false, false]),
            ("1 2\n", "1\n", [false, false, false, false]),
            ("x 1\n", "y 1\n", [false, false, false, false]),
            ("nan inf\n", "NaN Infinity\n", [false, false, false, true]),
            ("inf\n", "-inf\n", [false, false, false, false]),
            ("inf\n", "1e308\n", [false, false, false, false]),
            ("", "", [true, true, true, true]),
            ("", "\n", [false, true, true, true]),
            ("\n", "x", [false, false, false, false]),
        ];
        for (expected, actual, accepts) in cases {
            let got = [exact, trim, tokens, numeric].map(|comparison| same(comparison, expected, actual));
            assert_eq!(got, accepts, "{expected:?} {actual:?}");
        }
    }

    #[test]
    fn the_first_difference_is_told() {
        let of = |comparison: Comparison, expected: &str, actual: &str| {
            comparison.difference(expected.as_bytes(), actual.as_bytes()).unwrap()
        };
        assert_eq!(of(Comparison::Exact, "a\nbc", "a\nbd"), "it differs from byte 3 on, in line 2");
        assert_eq!(of(Comparison::Exact, "abc", "ab"), "it ends after 2 bytes where 3 were expected");
        let words = of(Comparison::Tokens, "1 2 3", "1 4 3");
        assert_eq!(words, "word 2 is \"4\" where \"2\" was expected");
        let words = of(Comparison::TrimTrailingWhitespace, "a\nb", "a\nc\n");
        assert_eq!(words, "line 2 is \"c\" where \"b\" was expected");
    }
}
