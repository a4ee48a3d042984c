"""Meeting packs: one PDF of all papers that a reader may take away, built once for everybody who may take exactly the
same; and the print set of a hall. `contents` says what is in one, `actions` orders it, `binding` is the job that builds
it."""
