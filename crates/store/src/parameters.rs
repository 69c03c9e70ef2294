//! How a database is reached, as a configuration says it.

use tokio_postgres::Config;

use crate::error_text;

/// The parameters of a connection from a connection string or postgresql:// URL, a password that stands elsewhere (empty:
/// none), and the name by which PostgreSQL's own views show the connection.
///
/// # Errors
/// What is wrong with the string.
pub fn parameters(url: &str, password: &str, application: &str) -> Result<Config, String> {
    let mut parameters: Config = url.parse().map_err(|error| error_text(&error))?;
    if !password.is_empty() {
        parameters.password(password);
    }
    parameters.application_name(application);
    Ok(parameters)
}
