"""What every feature stands on: configuration, database, transaction, errors, clock, actor. Knows no feature."""
