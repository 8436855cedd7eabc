"""Parts of SQL statements. Pure functions: no database."""


def get_fields(env, names):
    """Return the fields that a statement reads, for its ``to_flush``.

    :param dict names: {model: names of fields}
    """
    return [env[model]._fields[name] for model in names for name in names[model]]
