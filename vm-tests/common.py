# What several scripts need. Each driver runs this file's text before a question's.


def as_postgres(sql: str) -> str:
    """A command that asks the database on its own machine; rows come as lines, columns with | between them."""
    import shlex

    return f"runuser -u postgres -- psql --no-psqlrc -qAt -v ON_ERROR_STOP=1 -d analytics -c {shlex.quote(sql)}"
