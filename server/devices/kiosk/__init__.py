"""The recipe of a machine that is nothing but a hall's screen: Debian 12, Chromium in a kiosk session of its own, with
policies under which it asks nobody anything. `nhipcau kiosk` prints it, and the server hands it out."""
