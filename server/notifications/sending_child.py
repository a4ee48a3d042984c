"""The program of the processes that carry e-mails. A module apart from what it runs: objects of a program's own module
could not be pickled."""

from server.notifications.carrier import main

if __name__ == "__main__":
    main()
