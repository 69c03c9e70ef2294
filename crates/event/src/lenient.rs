//! Splits an array that is not valid JSON, so that an unreadable element costs its neighbours nothing.
//!
//! An element that is valid JSON ends where it says. The end of another one is looked for in two ways: by its brackets
//! and strings, if they are in order; else at the next comma after which an object can be read. What these attempts
//! read is limited to a multiple of the text, so no text takes quadratic time.

use serde_json::value::RawValue;

use crate::text::BYTE_ORDER_MARK;

/// How often the whole text may be read in search of boundaries. Beyond, the rest counts as one element.
const READS_MAX: usize = 16;

/// The elements of a broken array.
pub(crate) struct Split<'t> {
    /// Each element's text, in order, readable or not.
    pub(crate) elements: Vec<&'t str>,
    /// How many of them are valid JSON.
    pub(crate) readable: usize,
    /// What is wrong behind the last element.
    pub(crate) fault: Option<&'static str>,
    /// The array has no end because its last element, which is unreadable, has none.
    pub(crate) is_cut_in_element: bool,
    /// The position behind the array.
    pub(crate) end: usize,
}

/// What surrounds the array.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Around {
    Nothing,
    Envelope,
}

/// Splits the text, which starts with `[`, into at most `elements_max` + 1 elements. Comments and byte order marks
/// between elements are passed over, and so is a comma before the `]`.
pub(crate) fn split(text: &str, elements_max: usize, around: Around) -> Split<'_> {
    let mut reader = Reader::new(text, around);
    let mut split = Split { elements: Vec::new(), readable: 0, fault: None, is_cut_in_element: false, end: text.len() };
    let (mut at, mut is_last_readable) = (1, true);
    while split.elements.len() <= elements_max {
        let start = reader.space(at);
        match reader.byte(start) {
            None => {
                split.fault = Some("is cut off: the array has no end");
                split.is_cut_in_element = !is_last_readable;
                break;
            }
            Some(b']') if reader.closes(start) => {
                split.end = start + 1;
                break;
            }
            Some(_) => {}
        }
        let (end, is_readable) = reader.element(start);
        split.elements.push(text[start..end].trim_end());
        split.readable += usize::from(is_readable);
        is_last_readable = is_readable;
        let next = reader.space(end);
        at = next + usize::from(reader.byte(next) == Some(b','));
    }
    if around == Around::Nothing && split.fault.is_none() && reader.after_space(split.end).is_some() {
        split.fault = Some("follows the array, and is not part of it");
    }
    split
}

/// The position of the array in `{"events":[...]}`, if everything before it is valid JSON.
pub(crate) fn events_of(text: &str) -> Option<usize> {
    let mut reader = Reader::new(text, Around::Envelope);
    let mut at = reader.space(0);
    let mut opening = b'{';
    loop {
        at = reader.space((reader.byte(at) == Some(opening)).then_some(at + 1)?);
        opening = b',';
        let key_end = reader.value(at)?;
        let colon = reader.space(key_end);
        let value = reader.space((reader.byte(colon) == Some(b':')).then_some(colon + 1)?);
        if &text[at..key_end] == "\"events\"" && reader.byte(value) == Some(b'[') {
            return Some(value);
        }
        at = reader.value(value).map(|end| reader.space(end))?;
    }
}

struct Reader<'t> {
    text: &'t str,
    around: Around,
    /// Bytes that may still be read in search of boundaries.
    left: usize,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, around: Around) -> Self {
        Self { text, around, left: text.len().saturating_mul(READS_MAX) }
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    fn after_space(&mut self, at: usize) -> Option<u8> {
        let at = self.space(at);
        self.byte(at)
    }

    fn spend(&mut self, bytes: usize) {
        self.left = self.left.saturating_sub(bytes);
    }

    /// Where the element that starts here ends, and whether it is valid JSON.
    fn element(&mut self, start: usize) -> (usize, bool) {
        if self.byte(start) == Some(b',') {
            return (start, false);
        }
        if let Some(end) = self.value(start) {
            let next = self.space(end);
            // Between two objects, a comma was forgotten.
            let is_object = self.byte(start) == Some(b'{');
            match self.byte(next) {
                None | Some(b',') => return (end, true),
                Some(b'{') if is_object => return (end, true),
                Some(b']') if self.closes(next) => return (end, true),
                _ => {}
            }
        }
        let end = self.bracketed(start).or_else(|| self.before_next(start));
        // Up to the last `]`, which is likely to be the array's.
        let end = end.or_else(|| self.text.rfind(']').filter(|end| *end > start && self.is_last(*end)));
        (end.unwrap_or(self.text.len()), false)
    }

    /// The end of the valid JSON value that starts here.
    fn value(&mut self, start: usize) -> Option<usize> {
        if self.left == 0 {
            return None;
        }
        let text = self.text.get(start..)?;
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
        let read = values.next()?;
        let bytes = read.as_ref().map_or_else(|error| position(text, error), |_| values.byte_offset());
        self.spend(bytes);
        read.is_ok().then_some(start + bytes)
    }

    /// The end of an element whose brackets and strings are in order, though it is not JSON.
    fn bracketed(&mut self, start: usize) -> Option<usize> {
        let mut open = Open::default();
        let mut before = b'[';
        let mut at = start;
        while self.left > 0 {
            self.spend(1);
            let byte = self.byte(at)?;
            let may_start = b"{[,:".contains(&before);
            match byte {
                b' ' | b'\n' | b'\r' | b'\t' => {
                    at += 1;
                    continue;
                }
                // `http://` without quotes is no comment.
                b'/' if before != b':' && self.comment(at).is_some() => {
                    at = self.comment(at)?;
                    continue;
                }
                // A quote in the middle of a value, or a value behind one: a quote is missing or was not escaped.
                b'"' if !may_start => return None,
                b'"' | b'\'' if may_start => {
                    at = self.quoted(at)?;
                    if byte == b'"' && !matches!(self.after_space(at), Some(b',' | b':' | b'}' | b']')) {
                        return None;
                    }
                    before = byte;
                    continue;
                }
                // Where only a key can stand: a bracket is missing before.
                b'{' | b'[' if open.is_object() && matches!(before, b'{' | b',') => return None,
                b'{' | b'[' => open.push(byte),
                b'}' => drop(open.pop(b'{')),
                b']' if !open.pop(b'[') => return self.is_last(at).then_some(at),
                b',' if open.is_empty() => return Some(at),
                _ => {}
            }
            before = byte;
            at += 1;
        }
        None
    }

    /// The next comma that is followed by a readable object which is likely to be an element: outside of all brackets
    /// (strings are not told apart here, because quotes are what is wrong), or an event by its looks.
    fn before_next(&mut self, start: usize) -> Option<usize> {
        let mut depth = 0_usize;
        let mut at = start;
        while self.left > 0 {
            self.spend(1);
            match self.byte(at)? {
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth = depth.saturating_sub(1),
                b',' => {
                    let next = self.space(at + 1);
                    if self.byte(next) == Some(b'{') && self.is_element(next, depth == 0) {
                        return Some(at);
                    }
                }
                _ => {}
            }
            at += 1;
        }
        None
    }

    fn is_element(&mut self, start: usize, is_outside: bool) -> bool {
        match self.value(start) {
            Some(end) => {
                let is_followed = matches!(self.after_space(end), None | Some(b',' | b']' | b'{'));
                is_followed && (is_outside || self.text[start..end].contains("\"event_type\""))
            }
            None => is_outside && self.bracketed(start).is_some(),
        }
    }

    /// Whether this `]` is the array's, and not one of a broken element.
    fn closes(&mut self, bracket: usize) -> bool {
        self.is_last(bracket) || self.before_next(bracket + 1).is_none()
    }

    fn is_last(&mut self, bracket: usize) -> bool {
        let next = self.space(bracket + 1);
        match (self.byte(next), self.around) {
            (None, _) => true,
            (Some(b'}'), Around::Envelope) => self.after_space(next + 1).is_none(),
            (Some(b','), Around::Envelope) => self.after_space(next + 1) == Some(b'"'),
            _ => false,
        }
    }

    /// The position behind white space, byte order marks and comments.
    fn space(&mut self, mut at: usize) -> usize {
        while let Some(byte) = self.byte(at) {
            match byte {
                b' ' | b'\n' | b'\r' | b'\t' => at += 1,
                b'/' => match self.comment(at) {
                    Some(end) => at = end,
                    None => return at,
                },
                _ if self.text[at..].starts_with(BYTE_ORDER_MARK) => at += BYTE_ORDER_MARK.len_utf8(),
                _ => return at,
            }
        }
        at
    }

    /// The position behind the comment that starts here.
    fn comment(&mut self, start: usize) -> Option<usize> {
        let (end_mark, end_bytes) = match self.byte(start + 1)? {
            b'/' => ("\n", 0),
            b'*' => ("*/", 2),
            _ => return None,
        };
        if self.left == 0 {
            return None;
        }
        let length = self.text[start + 2..].find(end_mark);
        self.spend(length.unwrap_or(self.text.len() - start));
        length.map(|length| start + 2 + length + end_bytes)
    }

    /// The position behind the quoted text that starts here.
    fn quoted(&mut self, start: usize) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let quote = self.byte(start)?;
        let mut at = start + 1;
        while let Some(byte) = bytes.get(at) {
            at += 1;
            match byte {
                b'\\' => at += 1,
                byte if *byte == quote => {
                    self.spend(at - start);
                    return Some(at);
                }
                _ => {}
            }
        }
        self.spend(at - start);
        None
    }
}

/// The open brackets, and how many there are of each kind: a bracket that was never opened is not searched for.
#[derive(Default)]
struct Open {
    brackets: Vec<u8>,
    objects: usize,
}

impl Open {
    fn is_empty(&self) -> bool {
        self.brackets.is_empty()
    }

    fn is_object(&self) -> bool {
        self.brackets.last() == Some(&b'{')
    }

    fn push(&mut self, bracket: u8) {
        self.objects += usize::from(bracket == b'{');
        self.brackets.push(bracket);
    }

    /// Closes the innermost bracket of this kind, and those inside it, which were left open. False if there is none.
    fn pop(&mut self, kind: u8) -> bool {
        let count = if kind == b'{' { self.objects } else { self.brackets.len() - self.objects };
        if count == 0 {
            return false;
        }
        while let Some(bracket) = self.brackets.pop() {
            self.objects -= usize::from(bracket == b'{');
            if bracket == kind {
                break;
            }
        }
        true
    }
}

/// The bytes that were read up to an error, which serde_json gives as a line and a column.
fn position(text: &str, error: &serde_json::Error) -> usize {
    let before: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    before + error.column() + 1
}
