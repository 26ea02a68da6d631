//! A JSON array that arrives in pieces, taken apart into the texts of its items. Pure.
//!
//! Only the array itself is understood: where an item begins and ends. Whether an item is JSON is
//! found out by anyone who reads it.

/// Bytes of one item at most; a container's labels alone may be some 100 KiB.
const MAX_ITEM: usize = 1024 * 1024;

/// Why a text is not an array of items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ItemsError {
    /// It is not JSON.
    NotJson,
    /// It is not an array, and not `null`.
    OtherShape,
    /// One item is longer than any real one.
    LongItem,
}

/// Where in the text the next byte is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ScanPlace {
    Before,
    /// In a `null` that stands for the whole array, behind so many of its letters.
    Null(usize),
    /// Behind `[`.
    Opened,
    InItem,
    BehindItem,
    BehindComma,
    End,
}

/// What takes the array apart.
#[derive(Debug)]
pub(super) struct ItemSplitter {
    place: ScanPlace,
    item: Vec<u8>,
    /// Of brackets and braces within the item.
    depth: usize,
    in_text: bool,
    escaped: bool,
}

impl ItemSplitter {
    pub(super) const fn new() -> Self {
        Self {
            place: ScanPlace::Before,
            item: Vec::new(),
            depth: 0,
            in_text: false,
            escaped: false,
        }
    }

    /// Takes bytes from the front of `bytes` up to the end of an item; `None` if they end first.
    pub(super) fn next(&mut self, bytes: &mut &[u8]) -> Result<Option<Vec<u8>>, ItemsError> {
        while let Some((&byte, rest)) = bytes.split_first() {
            // A number or a word ends where something else begins, which is not part of it.
            if self.place == ScanPlace::InItem && self.is_behind(byte) {
                self.place = ScanPlace::BehindItem;
                return Ok(Some(std::mem::take(&mut self.item)));
            }
            *bytes = rest;
            if self.place != ScanPlace::InItem {
                self.between(byte)?;
            }
            if self.place == ScanPlace::InItem && self.ends_with(byte)? {
                self.place = ScanPlace::BehindItem;
                return Ok(Some(std::mem::take(&mut self.item)));
            }
        }
        Ok(None)
    }

    /// Whether the array has ended, now that the text has.
    pub(super) fn finish(&self) -> Result<(), ItemsError> {
        if self.place == ScanPlace::End { Ok(()) } else { Err(ItemsError::NotJson) }
    }

    /// Whether an item without brackets and quotes has ended before this byte.
    fn is_behind(&self, byte: u8) -> bool {
        let is_plain = self.depth == 0 && !self.in_text && !self.item.is_empty();
        is_plain && (matches!(byte, b',' | b']') || byte.is_ascii_whitespace())
    }

    fn between(&mut self, byte: u8) -> Result<(), ItemsError> {
        const NULL: &[u8] = b"null";
        self.place = match (self.place, byte) {
            (place, byte) if byte.is_ascii_whitespace() && !matches!(place, ScanPlace::Null(_)) => {
                place
            }
            (ScanPlace::Before, b'[') => ScanPlace::Opened,
            (ScanPlace::Before, b'n') => ScanPlace::Null(1),
            (ScanPlace::Before, b'{' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f') => {
                return Err(ItemsError::OtherShape);
            }
            (ScanPlace::Null(behind), byte) if NULL.get(behind) == Some(&byte) => {
                if behind + 1 == NULL.len() { ScanPlace::End } else { ScanPlace::Null(behind + 1) }
            }
            (ScanPlace::Opened | ScanPlace::BehindItem, b']') => ScanPlace::End,
            (ScanPlace::BehindItem, b',') => ScanPlace::BehindComma,
            (ScanPlace::Opened | ScanPlace::BehindComma, byte)
                if !matches!(byte, b',' | b']' | b'}') =>
            {
                ScanPlace::InItem
            }
            _ => return Err(ItemsError::NotJson),
        };
        Ok(())
    }

    /// Adds a byte to the item; whether it is its last one.
    fn ends_with(&mut self, byte: u8) -> Result<bool, ItemsError> {
        if self.item.len() == MAX_ITEM {
            return Err(ItemsError::LongItem);
        }
        self.item.push(byte);
        if self.in_text {
            let closes = byte == b'"' && !self.escaped;
            self.escaped = byte == b'\\' && !self.escaped;
            self.in_text = !closes;
            return Ok(closes && self.depth == 0);
        }
        match byte {
            b'"' => self.in_text = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.depth = self.depth.checked_sub(1).ok_or(ItemsError::NotJson)?;
                return Ok(self.depth == 0);
            }
            _ => {}
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The items of a text that arrives in pieces of so many bytes.
    fn items(text: &str, piece: usize) -> Result<Vec<String>, ItemsError> {
        let mut items = ItemSplitter::new();
        let mut found = Vec::new();
        for mut piece in text.as_bytes().chunks(piece) {
            while let Some(item) = items.next(&mut piece)? {
                found.push(String::from_utf8(item).unwrap());
            }
        }
        items.finish().map(|()| found)
    }

    #[test]
    fn items_are_told_apart_however_they_arrive() {
        for (text, expected) in [
            ("[]", &[][..]),
            (" [ ] \n", &[]),
            ("null\n", &[]),
            ("[1, -2.5e3,null,true ]", &["1", "-2.5e3", "null", "true"]),
            (r#"[{"a":[1,{"b":"]}"}]},{}]"#, &[r#"{"a":[1,{"b":"]}"}]}"#, "{}"]),
            (r#"["a,b","\"]","\\",[[],[]]]"#, &["\"a,b\"", r#""\"]""#, r#""\\""#, "[[],[]]"]),
        ] {
            for piece in [1, 2, 3, 1000] {
                assert_eq!(items(text, piece).unwrap(), expected, "{text} by {piece}");
            }
        }
    }

    #[test]
    fn what_is_no_array_is_refused() {
        for text in [
            "", " ", "[", "[1", "[1,", "[,1]", "[1,]", "[1 2]", "[] x", "[}", "[1,,2]", "nul",
            "nulll", "x",
        ] {
            for piece in [1, 1000] {
                assert_eq!(items(text, piece), Err(ItemsError::NotJson), "{text}");
            }
        }
        for text in ["{}", "\"x\"", "7", "true", " -1"] {
            assert_eq!(items(text, 1), Err(ItemsError::OtherShape), "{text}");
        }
    }

    #[test]
    fn no_item_is_held_that_is_longer_than_any_real_one() {
        let long = "x".repeat(MAX_ITEM - 2);
        assert_eq!(items(&format!("[\"{long}\"]"), 4096).unwrap().len(), 1);
        assert_eq!(items(&format!("[\"{long}x\"]"), 4096), Err(ItemsError::LongItem));
        assert_eq!(items(&"[".repeat(MAX_ITEM + 2), 4096), Err(ItemsError::LongItem));
    }
}
