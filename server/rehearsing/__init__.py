"""`nhipcau rehearse`: simulated halls say whether this machine and its line will carry a conference. The server they
come to is one of its own, with an empty database in a folder that is thrown away: nothing of the installation is
touched."""
