//! Templates of sentences, such as `Merge pull request #{number} from {owner}/{head}`: literal text around named fields.
//! A field covers as little as it can; the field `title` covers as much as it can, because a title may quote another.

/// What the fields of a template stand for in one sentence.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Fields<'a>(Vec<(&'static str, &'a str)>);

impl<'a> Fields<'a> {
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map(|(_, text)| *text)
    }
}

/// Matches a whole sentence; `None` when it does not fit.
pub(super) fn fit<'a>(template: &'static str, sentence: &'a str) -> Option<Fields<'a>> {
    let mut fields = Fields::default();
    let (literal, mut rest_of_template) = template.split_once('{').unwrap_or((template, ""));
    let mut rest = sentence.strip_prefix(literal)?;
    while !rest_of_template.is_empty() {
        let (name, after) = rest_of_template.split_once('}')?;
        let (literal, next) = after.split_once('{').unwrap_or((after, ""));
        let (text, remaining) = if literal.is_empty() {
            (rest, "")
        } else if next.is_empty() {
            (rest.strip_suffix(literal)?, "")
        } else if name == "title" {
            rest.rsplit_once(literal)?
        } else {
            rest.split_once(literal)?
        };
        let text = if next.is_empty() && name != "title" {
            last(text, name)?
        } else {
            text
        };
        fields.0.push((name, text));
        rest = remaining;
        rest_of_template = next;
    }
    rest.is_empty().then_some(fields)
}

/// A number at the end of a sentence is digits and nothing else.
fn last<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (name != "number" || is_number).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_takes_a_sentence_apart() {
        for (template, sentence, expected) in [
            ("Merge #{number}", "Merge #7", Some(vec![("number", "7")])),
            ("Merge #{number}", "Merge #7 again", None),
            ("Merge #{number}", "Merge #", None),
            ("Merge #{number}", "merge #7", None),
            (
                "Merge #{number} from {owner}/{head}",
                "Merge #7 from a/b/c",
                Some(vec![("number", "7"), ("owner", "a"), ("head", "b/c")]),
            ),
            (
                "{title} (#{number})",
                "pick (#1) (#2)",
                Some(vec![("title", "pick (#1)"), ("number", "2")]),
            ),
            ("{title} (#{number})", "fix (#x)", None),
            (
                "Merge '{title}' (#{number}) into {base}",
                "Merge 'it's' (#7) into main",
                Some(vec![("title", "it's"), ("number", "7"), ("base", "main")]),
            ),
            ("plain", "plain", Some(vec![])),
            ("plain", "plainer", None),
        ] {
            let fields = fit(template, sentence).map(|fields| fields.0);
            assert_eq!(fields, expected, "{template}: {sentence}");
        }
    }
}
