"""Lists of delegates as Excel files: the template, and reading what people made of it."""
