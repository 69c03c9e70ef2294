//! Prints docs/fields.md.

use std::io::Write as _;

fn main() -> std::io::Result<()> {
    std::io::stdout().write_all(footfall_event::describe_fields().as_bytes())
}
