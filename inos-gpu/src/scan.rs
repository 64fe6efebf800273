//! A look at the text before the parser's: bounds on what the parser recurses over, and the
//! places of functions, which its entry points have lost.
//!
//! naga bounds brackets and blocks by itself. It recurses, without a bound, once for each link of
//! `a + b + c + …`, `v.x.y.z…`, `if … else if … else if …`, and once for each declaration that
//! mentions a later one. None of that can be told from the text without parsing it, but what can
//! be counted is an upper bound: operators in a statement, `else` in a function, declarations in
//! the module. Comments are skipped by the lexer's own rules, or a `;` in one would hide a chain.
//! Where the text is not WGSL, the counts may be wrong: the parser stops there.

use crate::{Location, ShaderError};

/// Operators, dots and opening square brackets between two of `;`, `{` and `}`.
pub(crate) const MAX_OPERATORS: u32 = 1000;
/// Branches with `else` in one function.
pub(crate) const MAX_ELSES: u32 = 250;
/// Declarations in the module.
pub(crate) const MAX_DECLARATIONS: u32 = 2000;

/// The functions of a source: names with the byte offset of each name.
pub(crate) type Functions<'a> = Vec<(&'a str, usize)>;

/// Counts, refuses, and notes where functions stand.
pub(crate) fn scan(source: &str) -> Result<Functions<'_>, ShaderError> {
    let mut functions = Functions::new();
    let (mut operators, mut elses, mut declarations, mut braces) = (0u32, 0u32, 0u32, 0u32);
    let mut after_fn = false;
    let mut element_starts = false;
    let mut rest = source;

    loop {
        rest = skip_blanks(rest);
        let offset = source.len() - rest.len();
        let Some((token, after)) = next(rest) else {
            return Ok(functions);
        };
        rest = after;
        let is_first = core::mem::take(&mut element_starts);
        let (count, max, what) = match token {
            Token::Word(word) => {
                if core::mem::take(&mut after_fn) {
                    functions.push((word, offset));
                }
                after_fn = word == "fn";
                match word {
                    "else" => (&mut elses, MAX_ELSES, "`else` in one function"),
                    "fn" | "var" | "const" | "alias" | "struct" | "override" | "const_assert"
                        if braces == 0 =>
                    {
                        (&mut declarations, MAX_DECLARATIONS, "declarations")
                    }
                    _ => continue,
                }
            }
            Token::Char(';') => {
                operators = 0;
                continue;
            }
            Token::Char(brace @ ('{' | '}')) => {
                operators = 0;
                braces =
                    if brace == '{' { braces.saturating_add(1) } else { braces.saturating_sub(1) };
                if braces == 0 {
                    elses = 0;
                }
                continue;
            }
            // The first token of an element: a sign here adds no link to a chain.
            Token::Char(',' | '(') => {
                element_starts = true;
                continue;
            }
            Token::Char('-') if is_first && rest.starts_with(|c: char| c.is_ascii_digit()) => {
                continue;
            }
            Token::Char(
                '+' | '-' | '*' | '/' | '%' | '&' | '|' | '^' | '!' | '~' | '<' | '>' | '=' | '.'
                | '[',
            ) => (&mut operators, MAX_OPERATORS, "operators in one statement"),
            Token::Char(_) | Token::Number => continue,
        };
        *count = count.saturating_add(1);
        if *count > max {
            return Err(ShaderError::TooDeep { what, max, at: Location::of(source, offset) });
        }
    }
}

enum Token<'a> {
    Word(&'a str),
    Number,
    Char(char),
}

/// The token at the head of the source and what follows it.
fn next(source: &str) -> Option<(Token<'_>, &str)> {
    let first = source.chars().next()?;
    let is_word = |c: char| c == '_' || c.is_alphanumeric() || !c.is_ascii();
    let end = |text: &str| text.find(|c| !is_word(c)).unwrap_or(text.len());
    if first.is_ascii_digit() {
        // `1.5`, and no more: in `1.5.x` the second dot is an operator.
        let (_, rest) = source.split_at(end(source));
        let rest = rest.strip_prefix('.').map_or(rest, |rest| rest.split_at(end(rest)).1);
        Some((Token::Number, rest))
    } else if is_word(first) {
        let (word, rest) = source.split_at(end(source));
        Some((Token::Word(word), rest))
    } else {
        Some((Token::Char(first), source.split_at(first.len_utf8()).1))
    }
}

fn skip_blanks(mut source: &str) -> &str {
    loop {
        source = source.trim_start_matches(|c| is_line_break(c) || is_blank(c));
        if source.starts_with("//") {
            source = source.find(is_line_break).map_or("", |end| source.split_at(end).1);
        } else if source.starts_with("/*") {
            source = skip_block_comment(source);
        } else {
            return source;
        }
    }
}

/// Block comments nest. One that never ends runs to the end of the source.
fn skip_block_comment(mut source: &str) -> &str {
    let mut depth = 0u32;
    loop {
        let Some(found) = source.find(['/', '*']) else {
            return "";
        };
        source = source.split_at(found).1;
        if let Some(rest) = source.strip_prefix("/*") {
            depth = depth.saturating_add(1);
            source = rest;
        } else if let Some(rest) = source.strip_prefix("*/") {
            depth = depth.saturating_sub(1);
            source = rest;
            if depth == 0 {
                return source;
            }
        } else {
            source = source.split_at(1).1;
        }
    }
}

/// WGSL's line breaks.
const fn is_line_break(c: char) -> bool {
    matches!(c, '\n'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// WGSL's other blanks.
const fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\u{200e}' | '\u{200f}')
}
