//! Counts the rows of a dump by reading all of it, because one that cannot be decompressed now could not be restored
//! later.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read as _, Seek as _};
use std::process::Stdio;

use fs_err::File;

use super::error::BackupError;
use crate::postgres_tools::{PostgresTools, stderr_excerpt};

const BUFFER_BYTES: usize = 1024 * 1024;

/// Checks that pg_restore can read the table of contents.
pub(crate) fn list(tools: &PostgresTools, dump: &File) -> Result<(), BackupError> {
    let output = tools.command("pg_restore", None, None)?.arg("--list").stdin(from_start(dump)?).output();
    let output = output.map_err(|source| BackupError::Run { program: "pg_restore", source })?;
    if output.status.success() { Ok(()) } else { Err(BackupError::Unreadable(stderr_excerpt(&output.stderr))) }
}

/// Rows by table, named as in the dump: `schema.table`.
pub(crate) fn rows(tools: &PostgresTools, dump: &File) -> Result<BTreeMap<String, u64>, BackupError> {
    let run = |source| BackupError::Run { program: "pg_restore", source };
    let mut command = tools.command("pg_restore", None, None)?;
    command.args(["--data-only", "--file=-"]).stdin(from_start(dump)?);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(run)?;
    let stderr = child.stderr.take();
    // Read in parallel with the data, because a full pipe would block pg_restore.
    let stderr = std::thread::spawn(move || {
        let mut text = Vec::new();
        let read = stderr.map(|mut stderr| stderr.read_to_end(&mut text));
        drop(read);
        text
    });
    let counted = child.stdout.take().map(|stdout| count(BufReader::with_capacity(BUFFER_BYTES, stdout)));
    let status = child.wait().map_err(run)?;
    let stderr = stderr.join().unwrap_or_default();
    if !status.success() {
        return Err(BackupError::Unreadable(stderr_excerpt(&stderr)));
    }
    counted.unwrap_or_else(|| Ok(BTreeMap::new())).map_err(run)
}

fn from_start(dump: &File) -> Result<std::fs::File, BackupError> {
    let mut dump = dump.try_clone()?;
    dump.rewind()?;
    Ok(dump.into_file())
}

/// Counts the lines between `COPY schema.table (...) FROM stdin;` and `\.`. Each row is one line, because COPY escapes
/// line breaks within values.
fn count(mut script: impl BufRead) -> io::Result<BTreeMap<String, u64>> {
    let mut rows = BTreeMap::new();
    let mut line = Vec::new();
    let mut current: Option<(String, u64)> = None;
    loop {
        line.clear();
        if script.read_until(b'\n', &mut line)? == 0 {
            return Ok(rows);
        }
        current = match current {
            Some((table, count)) if line == b"\\.\n" => {
                rows.insert(table, count);
                None
            }
            Some((table, count)) => Some((table, count + 1)),
            None => copied_table(&line).map(|table| (table, 0)),
        };
    }
}

fn copied_table(line: &[u8]) -> Option<String> {
    let line = std::str::from_utf8(line).ok()?;
    let (table, rest) = line.strip_prefix("COPY ")?.split_once(' ')?;
    rest.ends_with("FROM stdin;\n").then(|| table.to_owned())
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn every_row_is_one_line() {
        let script = "SET x = 1;\nCOPY public.a (b, c) FROM stdin;\n1\tCOPY public.z (q) FROM stdin;\n2\t\\\\.\n\\.\n\n\
                      COPY public.empty (b) FROM stdin;\n\\.\nCOPY x.y (b) FROM stdin;\n\n\\.\n";
        let rows = count(script.as_bytes()).unwrap();
        let rows: Vec<_> = rows.iter().map(|(table, rows)| (table.as_str(), *rows)).collect();
        assert_eq!(rows, [("public.a", 2), ("public.empty", 0), ("x.y", 1)]);
    }
}
