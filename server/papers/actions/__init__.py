"""All writes of papers: the paper itself (`papers`), and its versions as they come in and end (`versions`)."""
