//! Lines on stdin, words separated by tabs, `\n`, `\r`, `\t` and `\\` escaped; JSON on stdout, one object a line.

use std::io::{BufRead, Write};
use std::sync::mpsc::{Receiver, channel};

/// The words of each line, as they come. The other end hangs up when stdin ends.
pub fn lines() -> Receiver<Vec<String>> {
    let (send, receive) = channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            let words = line.split('\t').map(plain).collect();
            if send.send(words).is_err() {
                return;
            }
        }
    });
    receive
}

fn plain(word: &str) -> String {
    let mut text = String::with_capacity(word.len());
    let mut letters = word.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('n') => text.push('\n'),
                Some('r') => text.push('\r'),
                Some('t') => text.push('\t'),
                Some(other) => text.push(other),
                None => {}
            },
            other => text.push(other),
        }
    }
    text
}

/// Writes one line. Nobody reading is the end of this process, which the next line of stdin tells.
pub fn say(json: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{json}");
    let _ = out.flush();
}

/// A text as JSON.
pub fn quoted(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for letter in text.chars() {
        match letter {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            other if other < ' ' => json.push_str(&format!("\\u{:04x}", other as u32)),
            other => json.push(other),
        }
    }
    json.push('"');
    json
}

/// The word at a place of a line, read as what is wanted.
pub fn word<T: std::str::FromStr>(words: &[String], at: usize) -> Result<T, String> {
    words
        .get(at)
        .and_then(|word| word.parse().ok())
        .ok_or_else(|| format!("Word {at} of '{}' is missing or wrong.", words.join(" ")))
}
