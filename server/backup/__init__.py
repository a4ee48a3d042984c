"""Backups: the whole system, database, papers and keys, as it was at one moment, sealed for a key kept elsewhere.

A place (a folder, or object storage) holds backups of one system alone:

    place.json                      whose backups these are
    backups/<time>/index.json       written last: without it there is no such backup
    backups/<time>/manifest.age     what is in it, with checksums
    backups/<time>/keys.age         the keys, and the settings that were given
    backups/<time>/<part>.age       the database: SQLite's file, or a part for each table
    objects/<2>/<name>.age          a folder of papers (one version, one pack) as a tar; shared by all backups

Everything `.age` opens with the age tool, too (https://age-encryption.org/v1); the database's parts are gzipped in it.
Names of objects are keyed hashes of their content: what is unchanged is stored once, and nobody who sees the place
alone finds out whether a paper he knows is among them.
"""
