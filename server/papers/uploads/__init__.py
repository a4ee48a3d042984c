"""How files come in: resumable uploads by the tus protocol, to a person, a place and a size fixed beforehand."""
