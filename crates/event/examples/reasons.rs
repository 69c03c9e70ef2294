//! Prints docs/reasons.md.

use std::io::{self, Write as _};

fn main() -> io::Result<()> {
    io::stdout().write_all(footfall_event::reasons_document().as_bytes())
}
